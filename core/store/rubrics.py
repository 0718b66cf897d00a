"""The rubrics of proposals that people have decided on."""

from collections.abc import Iterator

from pydantic import TypeAdapter

from core.models import ProposalState, RubricScore
from core.store.connection import Store

_RUBRIC = TypeAdapter(tuple[RubricScore, ...])
_DECIDED = (ProposalState.ACCEPTED, ProposalState.EDITED, ProposalState.REJECTED)


def decided_rubrics(store: Store) -> Iterator[tuple[bool, tuple[RubricScore, ...]]]:
    """(Whether a person accepted it as it stands, its rubric) of each current proposal that has both."""
    rows = store.stream(
        "SELECT p.state, json_extract(a.body, '$.verdict.rubric')"
        " FROM proposals p JOIN attempts a ON a.id = p.attempt_id"
        f" WHERE p.is_current = 1 AND p.state IN ({', '.join('?' * len(_DECIDED))})"
        " AND json_array_length(a.body, '$.verdict.rubric') > 0",
        *(state.value for state in _DECIDED),
    )
    for state, rubric in rows:
        yield state == ProposalState.ACCEPTED, _RUBRIC.validate_json(rubric)
