"""What the right column points at in the run: each span under the name that ties a button to its mark."""

from collections.abc import Iterator, Sequence

from core.models import Attempt, Evidence, FailedTrajectory, FailureAnalysis, Field, ReplayOutcome
from core.stages.augment.answers import words_pattern

Pointer = tuple[str, str, Evidence]  # (mark id, kind, span)
MAX_STALE = 200  # places of old words that are marked in one run


def pointers_of(
    trajectory: FailedTrajectory, attempt: Attempt, analysis: FailureAnalysis | None, outcome: ReplayOutcome | None
) -> list[Pointer]:
    """Every span that the run is marked at; those of the n-th thing of a kind are `kindN.1`, `kindN.2`, ..."""
    groups: list[tuple[str, int, Sequence[Evidence]]] = [
        ("answer", 1, attempt.answer_evidence),
        ("talk", 1, attempt.warnings),
        ("fail", 1, analysis.evidence if analysis else ()),
        ("stale", 1, stale_spans(trajectory, attempt)),
    ]
    groups += [
        ("value", n, (span,)) for n, v in enumerate(attempt.grounding.values, 1) if (span := v.evidence or v.against)
    ]
    groups += [("claim", n, c.evidence) for n, c in enumerate(outcome.achievements if outcome else (), 1)]
    groups += [("seen", n, c.evidence) for n, c in enumerate(outcome.observations if outcome else (), 1)]
    return [(name, kind, span) for kind, n, spans in groups for name, span in named(kind, n, spans)]


def named(kind: str, number: int, spans: Sequence[Evidence]) -> list[tuple[str, Evidence]]:
    """The spans of one thing with their mark ids."""
    return [(f"{kind}{number}.{n}", span) for n, span in enumerate(spans, 1)]


def stale_spans(trajectory: FailedTrajectory, attempt: Attempt) -> list[Evidence]:
    """Where words of the old goal stand in the kept thoughts, and in the run's answer where it is kept."""
    pattern = words_pattern(attempt.grounding.stale_words)
    if pattern is None:
        return []

    def texts() -> Iterator[tuple[int, Field, str]]:
        for n in range(attempt.first_step, min(attempt.last_step, len(trajectory.steps)) + 1):
            yield n, Field.THOUGHT, trajectory.steps[n - 1].thought
        if attempt.final_answer.strip() == trajectory.final_answer.strip():
            yield 0, Field.FINAL_ANSWER, trajectory.final_answer

    found = (
        Evidence(step=step, field=field, start=match.start(), end=match.end(), quote=match.group())
        for step, field, text in texts()
        for match in pattern.finditer(text)
    )
    return [span for span, _ in zip(found, range(MAX_STALE), strict=False)]
