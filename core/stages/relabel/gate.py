"""What the pipeline accepts by itself, and why everything else waits for a human.

A "no" of the second judge is final for that attempt, a judge without a usable answer is no yes,
and there is no lowered threshold through which a refused attempt comes back (the reference
takes back whatever its judge refused).
"""

from collections.abc import Sequence

from core.models import Attempt, QueueReason, RelabeledData, Skip, SkipReason
from core.settings import PipelineConfig
from core.stages.grounding import ORIGINAL_AGAIN

_APPLIES = 0.5  # weight from which a dimension of the rubric has a say


def why_not(attempt: Attempt, settings: PipelineConfig) -> QueueReason | None:  # noqa: PLR0911 - one line a reason
    """Why the pipeline does not accept the attempt by itself; None = it does.

    Accepted only if b = 1, c >= theta, the judge says valid, c2 >= theta, every value is supported,
    none gives the answer away, it is not the original request again, no step of it talks to the judge, neither
    request nor answer holds a secret, and no dimension of the rubric that applies lies below `rubric_minimum`.
    """
    if not attempt.is_valid:
        return QueueReason.AUTHOR_SAID_NO
    grounding = attempt.grounding
    if grounding.unsupported or grounding.leaks or grounding.unmet or grounding.similarity >= ORIGINAL_AGAIN:
        return QueueReason.UNGROUNDED
    verdict = attempt.verdict
    if verdict is None or verdict.is_valid is None:
        return QueueReason.UNJUDGED
    if not verdict.is_valid:
        return QueueReason.JUDGE_SAID_NO
    if verdict.confidence is None:
        return QueueReason.UNJUDGED
    if attempt.warnings:  # before the threshold, which a policy may lower later
        return QueueReason.SPEAKS_TO_JUDGE
    if grounding.secrets:
        return QueueReason.HOLDS_SECRET
    if any(score.score < settings.rubric_minimum for score in verdict.rubric if score.weight >= _APPLIES):
        return QueueReason.LOW_RUBRIC
    if min(attempt.confidence, verdict.confidence) < settings.min_confidence:
        return QueueReason.BELOW_THRESHOLD
    return None


# The nearer to accepted, the sooner a reviewer can say yes to it.
_NEARNESS = (
    None,
    QueueReason.BELOW_THRESHOLD,
    QueueReason.LOW_RUBRIC,
    QueueReason.HOLDS_SECRET,
    QueueReason.SPEAKS_TO_JUDGE,
    QueueReason.UNJUDGED,
    QueueReason.JUDGE_SAID_NO,
    QueueReason.UNGROUNDED,
    QueueReason.AUTHOR_SAID_NO,
)


def choose(trajectory_id: str, attempts: Sequence[Attempt], settings: PipelineConfig) -> RelabeledData | Skip:
    """The attempt put before a human: an accepted one first, else the nearest to it, the surest of equals.

    Every attempt is kept. Without any, or with none but repeats of the original request, a skip.
    """
    worth = [attempt for attempt in attempts if attempt.grounding.similarity < ORIGINAL_AGAIN]
    if not worth:
        detail = "Every attempt repeated the original request." if attempts else "No goal fits what the run did."
        return Skip(reason=SkipReason.NO_GOAL, detail=detail)
    reasons = {id(attempt): why_not(attempt, settings) for attempt in worth}
    best = min(worth, key=lambda attempt: (_NEARNESS.index(reasons[id(attempt)]), -_sureness(attempt)))
    return RelabeledData(
        trajectory_id=trajectory_id,
        attempts=tuple(attempts),
        proposed=next(number for number, attempt in enumerate(attempts) if attempt is best),
        queue_reason=reasons[id(best)],
    )


def _sureness(attempt: Attempt) -> float:
    return attempt.confidence if attempt.score is None else attempt.score
