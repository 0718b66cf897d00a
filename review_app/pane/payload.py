"""What the review pane is given, built from domain values by pure functions.

`item_view` is everything that stays as it is while one revision of one proposal is on screen (big;
worth keeping by `key`); `pane_payload` adds what changes under it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from core.models import (
    Attempt,
    Claim,
    Evidence,
    FailedTrajectory,
    FailureAnalysis,
    Field,
    Grounding,
    ProposalState,
    QueueReason,
    RejectReason,
    ReplayOutcome,
)
from core.models import Mark as RunMark
from core.review.items import fingerprint_of
from core.store.connection import TRY_AGAIN
from core.store.kin import NONE_ALIKE, Alike, FromOtherRun
from core.store.reviews import Draft
from core.store.standing import ReviewRow
from review_app.pane import words
from review_app.pane.badges import alike_view, badges, dispute_view, record_badges, verdict_view
from review_app.pane.pointers import named, pointers_of, stale_spans
from review_app.pane.proposed import editable, other_run_view, proposal_view, reference, values_view, warnings_view
from review_app.pane.shown import block, line
from review_app.pane.trace import RunTexts, argument_text, trace_view

FULL_TEXT = 1_000_000  # longest text that one click brings to the screen
WHOLE_RUN = 3_000_000  # characters of one run that unfolding or searching all of it brings
REASONS = tuple({"n": int(reason), "text": reason.label} for reason in RejectReason)


def item_view(
    *,
    proposal_id: int,
    revision: int,
    trajectory: FailedTrajectory,
    analysis: FailureAnalysis | None,
    outcome: ReplayOutcome | None,
    attempt: Attempt,
    others: Sequence[Attempt] = (),
    queue_reason: QueueReason | None = None,
    state: ProposalState = ProposalState.PENDING,
    why_now: str = "",
    threshold: float = 0.5,
    source: str = "",
    held_by: str | None = None,
    verdict: ReviewRow | None = None,
    differing: Sequence[ReviewRow] = (),
    alike: Alike = NONE_ALIKE,
    earlier: Sequence[FromOtherRun] = (),
    reader: str = "",
    draft: Mapping[str, Any] | None = None,
    check: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Draw one proposal beside its run.

    `draft`: text, final_answer, first_step, last_step, saved_at. `check`: what the rules found in it (`check_view`).
    """

    def refer(kind: str, number: int, spans: Sequence[Evidence]) -> list[dict[str, Any]]:
        return [reference(name, span) for name, span in named(kind, number, spans)]

    def claims(kind: str, of: Sequence[Claim]) -> list[dict[str, Any]]:
        return [
            {"n": n, "text": line(c.text, 1000), "deed": words.DEED.get(c.deed, ""), "refs": refer(kind, n, c.evidence)}
            for n, c in enumerate(of, 1)
        ]

    proposal = proposal_view(attempt, others, trajectory, threshold)
    proposal["answer_refs"] = refer("answer", 1, attempt.answer_evidence)
    proposal["talk_refs"] = refer("talk", 1, attempt.warnings)
    proposal["stale_refs"] = refer("stale", 1, stale_spans(trajectory, attempt))
    checks = values_view(attempt.grounding)
    failure = _failure(trajectory, analysis)
    failure["refs"] = refer("fail", 1, analysis.evidence if analysis else ())
    done = {
        "claims": claims("claim", outcome.achievements if outcome else ()),
        "seen": claims("seen", outcome.observations if outcome else ()),
        "limitations": line(outcome.limitations, 1500) if outcome else "",
    }
    seen = fingerprint_of(trajectory.trajectory_id, attempt.hindsight_prompt)
    return {
        "key": ":".join((str(proposal_id), str(revision), seen, str((draft or {}).get("saved_at", "")), held_by or "")),
        "id": proposal_id,
        "rev": revision,
        "seen": seen,
        "name": line(trajectory.trajectory_id, 80),
        "source": line(source, 60),
        "badges": [*badges(attempt, queue_reason, state), *record_badges(trajectory)],
        "held_by": line(held_by, 60) if held_by else "",
        "never_leaves": RunMark.DO_NOT_TRAIN in trajectory.marks,
        "why_now": line(why_now, 200),
        "why_more": words.WHY.get(why_now, words.WHY_NEAR),
        "verdict": dispute_view(differing, reader) if differing else verdict_view(verdict, state) if verdict else None,
        "alike": alike_view(alike),
        "earlier": [other_run_view(one, trajectory) for one in earlier],
        "failure": failure,
        "outcome": done,
        "proposal": {**proposal, "values": checks},
        "draft": dict(draft) if draft else None,
        "check": dict(check) if check else None,
        "trace": trace_view(
            trajectory,
            pointers=pointers_of(trajectory, attempt, analysis, outcome),
            error_steps=analysis.error_steps if analysis else (),
        ),
    }


def pane_payload(
    item: Mapping[str, Any] | None,
    *,
    ahead: Mapping[str, Any] | None = None,
    waiting: int = 0,
    pile: str = "waiting",
    counts: Sequence[tuple[str, int]] = (),
    last: str = "",
    last_review: str = "",
    desk: str = "",
    trouble: str = "",
    notice: tuple[str, str] | None = None,
    refused: Sequence[Mapping[str, Any]] = (),
    saved_at: str = "",
    check: Mapping[str, Any] | None = None,
    expanded: Sequence[Mapping[str, Any]] = (),
    mine: Sequence[Mapping[str, str]] | None = None,
    empty: Mapping[str, Any] | None = None,
    beat_seconds: int = 0,
    lease_seconds: int = 0,
) -> dict[str, Any]:
    """Join an item (None: the queue is done) and what changes under it.

    `waiting`: how many items the pile holds, and `pile` what they are, in a word.
    `ahead`: the item that follows a verdict, shown at the key press. `refused`: verdicts that were not taken (op_id,
    proposal_id, name, text). `last`: what Undo would take back, in words; `last_review`: its op_id. `desk`: names
    the reviewer and the file, for what a browser keeps of them.
    `trouble`: why acts are not taken now; they are sent again. `notice`: (`error`
    or `info`, text). `mine`: the reviewer's last verdicts (`review_app.mine.strip`). `empty`: title, text and buttons
    `[(label, action)]` for the finished queue. `beat_seconds`: send a `beat` act this often while the reviewer is
    active (0: never).
    """
    return {
        "item": dict(item) if item else None,
        "item_key": item["key"] if item else None,
        "ahead": dict(ahead) if ahead else None,
        "ahead_key": ahead["key"] if ahead else None,
        "waiting": waiting,
        "pile": pile,
        "counts": [[label, number] for label, number in counts],
        "last": line(last, 120),
        "last_review": last_review,
        "desk": desk,
        "trouble": line(trouble.removesuffix(TRY_AGAIN), 600),  # the page does
        "notice": {"level": notice[0], "text": line(notice[1], 600)} if notice else None,
        "refused": [
            {
                "op_id": one["op_id"],
                "id": one["proposal_id"],
                "name": line(one["name"], 80),
                "text": line(one["text"], 600),
            }
            for one in refused
        ],
        "saved_at": saved_at,
        "check": dict(check) if check else None,
        "expanded": [dict(text) for text in expanded],
        "mine": [dict(row) for row in mine] if mine is not None else None,
        "empty": dict(empty) if empty else None,
        "reasons": list(REASONS),
        "beat_seconds": beat_seconds,
        "lease_seconds": lease_seconds,
    }


def check_view(draft: Draft, grounding: Grounding) -> dict[str, Any]:
    """Say what the rules found in an edit; shown only beside those very words and steps."""
    return {
        "text": draft.hindsight_prompt,
        "answer": editable(draft.final_answer or ""),
        "steps": [draft.first_step, draft.last_step],
        "values": values_view(grounding),
        **warnings_view(grounding),
    }


def expanded_view(
    trajectory: FailedTrajectory,
    *,
    step: int,
    field: str,
    raw: str = "",
    attempt: Attempt | None = None,
    analysis: FailureAnalysis | None = None,
    outcome: ReplayOutcome | None = None,
) -> dict[str, Any]:
    """Give the full text behind a capped one, marked as before, for the `expand` act.

    `field` `all`: the whole run instead of one text, as `trace`, up to `WHOLE_RUN` characters; search looks there.
    `raw`: the record as it was imported. One text has at most `FULL_TEXT` characters.
    """
    pointers = pointers_of(trajectory, attempt, analysis, outcome) if attempt else []
    if field == "all":
        errors = analysis.error_steps if analysis else ()
        trace = trace_view(trajectory, pointers=pointers, error_steps=errors, budget=WHOLE_RUN, most=FULL_TEXT)
        return {"step": 0, "field": field, "trace": trace}
    if field == "raw":
        full = block(raw, head=FULL_TEXT, tail=2_000)
    elif field.startswith("arg"):
        full = block(argument_text(trajectory.steps[step - 1], int(field.removeprefix("arg"))), head=FULL_TEXT)
    else:
        full = RunTexts(trajectory, pointers, head=FULL_TEXT, tail=2_000).block(step, Field(field)) or block("")
    return {"step": step, "field": field, "block": full}


def _failure(trajectory: FailedTrajectory, analysis: FailureAnalysis | None) -> dict[str, Any]:
    explanation = (analysis.explanation if analysis else "") or trajectory.failure_reason
    said = _said(trajectory, explanation)
    if analysis is None:
        return {"title": "Not analysed", "explanation": line(explanation, 1500), "severity": None, "said": said}
    kind = words.FAILURE[analysis.failure_type] if analysis.failure_type else "Failed"
    return {
        "title": kind if analysis.is_failure else "May not be a failure",
        "explanation": line(explanation, 1500),
        "severity": {"value": analysis.severity, "text": words.severity(analysis.severity)},
        "cause": words.CAUSE[analysis.cause],
        "said": said,
    }


def _said(trajectory: FailedTrajectory, explanation: str) -> str:
    """Word what the source itself says of the run, where the explanation does not repeat it."""
    label = trajectory.label
    parts = [words.LABEL[label.outcome]]
    parts += [f"reward {label.reward:g}"] if label.reward is not None else []
    parts += [line(label.reason, 200)] if label.reason and label.reason not in explanation else []
    return " · ".join(part for part in parts if part)
