"""Verdicts on a filled database as a person at the keys gives them, and what an export of it holds."""

import json

from core.models import Decision
from core.review.items import Desk, open_by_name
from core.review.verdicts import decide


def say(store, name, action, *, by="anna", **more):
    """One verdict on the item of the run `name`."""
    item = open_by_name(store, Desk(by), name)
    click = Decision(
        op_id=f"{name}-{action}",
        proposal_id=item.proposal_id,
        revision=item.revision,
        annotator=by,
        action=action,
        **more,
    )
    assert decide(store, click).taken


def rows_of(path, file="train.jsonl"):
    """The rows of an export folder, by the name of their run."""
    return {row["trajectory_id"]: row for row in map(json.loads, (path / file).read_text().splitlines())}
