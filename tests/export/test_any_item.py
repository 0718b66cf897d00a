"""Whatever a file held and a person accepted: each target takes it in rows that it can read, or says why not."""

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from core.export import ExportRequest, preview
from core.formats import FORMATS
from core.formats.text import to_line
from core.models import Decision, ReviewAction
from core.review.items import Desk, next_item
from core.review.verdicts import decide
from core.runs.importing import import_files
from core.runs.running import run_pipeline
from core.settings import Settings
from core.store import open_store

# As they stand in real logs: no text at all, ends of lines that only Unicode knows, half a character, megabytes.
texts = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", " ", "a\u2028b", "\U0001f600", "\ud83d", "\x00", "<think>", "2024-05-01", "x" * 5_000]),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=5,
)
found = st.sampled_from(["2 kettles: Aqua at $39, Brum at $41", '{"items": [{"id": "A-1", "price": 39}]}', "Error: no"])
steps = st.lists(
    st.fixed_dictionaries(
        {
            "thought": st.none() | texts,
            "action_name": st.sampled_from(["search_products", "get_item", "bash"]),
            "action_input": st.dictionaries(texts, values, max_size=3),
            "observation": found | texts,
        }
    ),
    min_size=1,
    max_size=4,
)
records = st.fixed_dictionaries(
    {
        "original_prompt": st.just("Find a kettle below $20 and mail it to Dana. ")
        | texts.map(lambda text: f"a {text}"),
        "steps": steps,
        "final_answer": st.none() | st.just("I could not find one below $20.") | texts,
        "failure_reason": st.just("Nothing was found."),
        "system_prompt": texts,
    }
)
TARGETS = [target.shaped(pairs=pairs) for target in FORMATS.values() for pairs in target.pairs or (None,)]


@settings(max_examples=6)
@given(
    given=st.lists(records, min_size=2, max_size=5),
    answer=st.just("Two kettles: Aqua and Brum.") | texts,
    thoughts=st.sampled_from(["content", "drop"]),
)
def test_any_accepted_item_leaves_in_every_format_or_with_a_reason(given, answer, thoughts):
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "runs.jsonl"
        rows = [json.dumps({"trajectory_id": f"run-{n}", **record}) for n, record in enumerate(given)]
        path.write_text("\n".join(rows), "utf-8")
        with open_store(Path(name) / "t.db", create=True) as store:
            list(import_files(store, [path]))
            run_pipeline(store, Settings())
            approved = _approve_all(store, answer)
            for target in TARGETS:
                _all_or_a_reason(store, target.shaped(thoughts=thoughts, pairs=target.spelling.get("pairs")), approved)


def _all_or_a_reason(store, target, approved):
    request = ExportRequest(target.format, target.dialect, **target.spelling)
    report, made = preview(store, Settings().pipeline, request, limit=1000)
    assert sum(report.approved.values()) == approved
    assert all(item.reason.endswith(".") for item in report.left_out)
    assert bool(made) == (len(report.left_out) < approved)
    for row in made:
        assert target.check(row) == []
        assert json.loads(to_line(row).encode("utf-8")) == row


def _approve_all(store, answer):
    number = 0
    while item := next_item(store, Desk("anna")):
        number += 1
        # Every other one in the reviewer's own words, which are checked less than a machine's.
        own = {"hindsight_prompt": f"{item.attempt.hindsight_prompt} Please.", "final_answer": answer}
        click = Decision(
            op_id=f"op-{number}",
            proposal_id=item.proposal_id,
            revision=item.revision,
            annotator="anna",
            action=ReviewAction.EDIT if number % 2 else ReviewAction.ACCEPT,
            **(own if number % 2 else {}),
        )
        if not decide(store, click).taken:
            decide(store, click.model_copy(update={"op_id": f"no-{number}", "action": ReviewAction.FLAG}))
            number -= 1
    return number
