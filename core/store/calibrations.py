"""What a score has meant, in versions; and the confidences that it is fitted on."""

import json
from dataclasses import dataclass

from pydantic import TypeAdapter

from core.models import SecondJudgeVerdict
from core.store.clock import utc_now
from core.store.connection import Store
from core.store.drawn import drawn

_VERDICTS = TypeAdapter(tuple[SecondJudgeVerdict, ...])


@dataclass(frozen=True)
class Confidences:
    """c, c2 and the word of the judge on one item that chance picked; `panel`: of each judge, where several spoke."""

    c: float
    c2: float | None
    judge_says: str  # yes | no | unjudged
    of_random_share: bool
    panel: tuple[SecondJudgeVerdict, ...]


def drawn_confidences(store: Store) -> dict[int, Confidences]:
    """By proposal, of the current ones that chance picked and a human has spoken of."""
    rows = store.stream(
        "SELECT p.id, a.confidence, a.judge_confidence, p.judge_says, p.is_random,"
        " CASE WHEN json_array_length(a.body, '$.verdicts') > 1 THEN json_extract(a.body, '$.verdicts') END"
        f" FROM ({drawn('id, attempt_id, judge_says, is_random', 'verdict_id IS NOT NULL')}) p"
        " JOIN attempts a ON a.id = p.attempt_id"
    )
    return {
        number: Confidences(c, c2, says, bool(is_random), _VERDICTS.validate_json(panel) if panel else ())
        for number, c, c2, says, is_random, panel in rows
    }


@dataclass(frozen=True)
class StoredCalibration:
    """One version. `means`: the share that was right at each of `scores`; `before` and `after` are Brier scores."""

    version: int
    scores: tuple[float, ...]
    means: tuple[float, ...]
    n: int
    before: float
    after: float
    fitted_by: str
    created_at: str


def save_calibration(
    store: Store,
    *,
    scores: tuple[float, ...],
    means: tuple[float, ...],
    n: int,
    before: float,
    after: float,
    fitted_by: str,
) -> int:
    """Add a version; its number."""
    values = {"n": n, "before": before, "after": after, "fitted_by": fitted_by, "created_at": utc_now()}
    return store.insert("calibrations", {"scores": json.dumps(scores), "means": json.dumps(means), **values})


def current_calibration(store: Store) -> StoredCalibration | None:
    """The newest version, or None while nothing was fitted."""
    row = store.row("SELECT * FROM calibrations ORDER BY version DESC LIMIT 1")
    if row is None:
        return None
    return StoredCalibration(
        **{**row, "scores": tuple(json.loads(row["scores"])), "means": tuple(json.loads(row["means"]))}
    )
