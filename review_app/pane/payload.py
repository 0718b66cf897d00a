"""What the review pane is given, built from domain values by pure functions.

`item_view` is everything that stays as it is while one revision of one proposal is on screen (big;
worth keeping by `key`); `pane_payload` adds what changes under it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from core.models import (
    Attempt,
    CheckedValue,
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
from core.store.reviews import Draft
from core.store.standing import STATE_AFTER, ReviewRow
from review_app.counted import counted
from review_app.pane import words
from review_app.pane.pointers import named, pointers_of, stale_spans
from review_app.pane.shown import Mark, block, hidden_count, line
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
    alike: Mapping[ProposalState, int] | None = None,
    draft: Mapping[str, Any] | None = None,
    check: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Draw one proposal beside its run.

    `draft`: text, final_answer, first_step, last_step, saved_at. `check`: what the rules found in it (`check_view`).
    """

    def refer(kind: str, number: int, spans: Sequence[Evidence]) -> list[dict[str, Any]]:
        return [_reference(name, span) for name, span in named(kind, number, spans)]

    def claims(kind: str, of: Sequence[Claim]) -> list[dict[str, Any]]:
        return [{"n": n, "text": line(c.text, 1000), "refs": refer(kind, n, c.evidence)} for n, c in enumerate(of, 1)]

    proposal = _proposal(attempt, others, trajectory, threshold)
    proposal["answer_refs"] = refer("answer", 1, attempt.answer_evidence)
    proposal["talk_refs"] = refer("talk", 1, attempt.warnings)
    proposal["stale_refs"] = refer("stale", 1, stale_spans(trajectory, attempt))
    checks = _values(attempt.grounding)
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
        "badges": [*_badges(attempt, queue_reason, state), *_record_badges(trajectory)],
        "held_by": line(held_by, 60) if held_by else "",
        "never_leaves": RunMark.DO_NOT_TRAIN in trajectory.marks,
        "why_now": line(why_now, 200),
        "why_more": words.WHY.get(why_now, ""),
        "verdict": _disputed(differing) if differing else _standing_verdict(verdict, state) if verdict else None,
        "alike": _alike(alike or {}),
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
    expanded: Mapping[str, Any] | None = None,
    mine: Sequence[Mapping[str, str]] | None = None,
    empty: Mapping[str, Any] | None = None,
    beat_seconds: int = 0,
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
        "trouble": line(trouble, 600),
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
        "expanded": dict(expanded) if expanded else None,
        "mine": [dict(row) for row in mine] if mine is not None else None,
        "empty": dict(empty) if empty else None,
        "reasons": list(REASONS),
        "beat_seconds": beat_seconds,
    }


def check_view(draft: Draft, grounding: Grounding) -> dict[str, Any]:
    """Say what the rules found in an edit; shown only beside those very words and steps."""
    return {
        "text": draft.hindsight_prompt,
        "answer": _editable(draft.final_answer or ""),
        "steps": [draft.first_step, draft.last_step],
        "values": _values(grounding),
        **_warnings(grounding),
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


def _proposal(
    attempt: Attempt, others: Sequence[Attempt], trajectory: FailedTrajectory, threshold: float
) -> dict[str, Any]:
    verdict = attempt.verdict
    prompt = attempt.hindsight_prompt
    answer_changed = attempt.final_answer.strip() != trajectory.final_answer.strip()
    spans = [Mark(v.start, v.end, f"named{n}", _standing(v)) for n, v in enumerate(attempt.grounding.values, 1)]
    return {
        "text": _editable(prompt),
        "view": block(prompt, spans),
        "hidden": hidden_count(prompt),
        "answer": _editable(attempt.final_answer),
        "answer_view": block(attempt.final_answer) if attempt.final_answer.strip() and answer_changed else None,
        "first_step": attempt.first_step,
        "last_step": attempt.last_step,
        "steps": len(trajectory.steps),
        "rationale": line(attempt.rationale, 2000),
        "written_by": line(attempt.model, 60),
        "c": attempt.confidence,
        "c2": verdict.confidence if verdict else None,
        "score": attempt.score,
        "threshold": threshold,
        "judged": _judged(attempt),
        "judged_by": "Rules" if verdict and verdict.judge == "rules" else "Judges" if attempt.verdicts else "Judge",
        "judge_reason": line(verdict.reason, 1500) if verdict else "",
        **_warnings(attempt.grounding),
        "attempts": [
            {
                "n": n,
                "proposed": other is attempt,
                "text": _editable(other.hindsight_prompt),
                "shown": line(other.hindsight_prompt, 400),
                "answer": _editable(other.final_answer),
                "first_step": other.first_step,
                "last_step": other.last_step,
                "steps": len(trajectory.steps),
                "c": other.confidence,
                "c2": other.verdict.confidence if other.verdict else None,
                "judged": _judged(other),
            }
            for n, other in enumerate(sorted((attempt, *others), key=lambda one: (one.number, one.goal)))
        ],
    }


def _standing_verdict(given: ReviewRow, state: ProposalState) -> dict[str, str]:
    """Who decided what, and when: an item that is looked at again is not an open one."""
    after = STATE_AFTER[given.action]
    text, tone = words.STATE[after]
    waits = f"{words.STATE[state][0]}. " if state is ProposalState.SECOND else ""
    settled = "Settled: two people differed. " if given.settles else ""
    return {
        "state": after.value,
        "text": text,
        "tone": tone,
        "by": line(given.annotator, 60),
        "at": given.created_at,
        "note": line(waits + settled + said_with(given), 400),
    }


def _disputed(differing: Sequence[ReviewRow]) -> dict[str, str]:
    """Who differs, and what the next verdict does."""
    text, tone = words.STATE[ProposalState.DISPUTED]
    said = " ".join(
        f"{row.annotator}: {words.STATE[STATE_AFTER[row.action]][0].lower()}. {said_with(row)}".strip()
        for row in differing
    )
    return {
        "state": ProposalState.DISPUTED.value,
        "text": text,
        "tone": tone,
        "by": line(" and ".join(row.annotator for row in differing), 130),
        "at": differing[-1].created_at,
        "note": line(f"Your verdict settles it. {said}", 600),
    }


def said_with(given: ReviewRow) -> str:
    """The reason and the note of a verdict, in words."""
    note = f"{RejectReason(given.reason).label}. " if given.reason else ""
    return note + given.note


def _alike(found: Mapping[ProposalState, int]) -> str:
    """How many others ask for the same, in words; empty where none does."""
    total = sum(found.values())
    if not total:
        return ""
    states = ", ".join(f"{n:,} {words.STATE[state][0].lower()}" for state, n in found.items())
    return f"{counted(total, 'other')} {'asks' if total == 1 else 'ask'} the same ({states})"


def _standing(value: CheckedValue) -> str:
    if value.leak:
        return "leak"
    return "missing" if value.evidence is None else "asked" if value.asked_only else "found"


def _judged(attempt: Attempt) -> dict[str, str]:
    verdict = attempt.verdict
    if verdict is None:
        return {"text": "No judge has seen it", "tone": "warn"}
    if verdict.is_valid is None:
        return {"text": "The judges do not decide" if attempt.verdicts else "No usable verdict", "tone": "warn"}
    who = "Rules" if verdict.judge == "rules" else "Judges" if attempt.verdicts else "Judge"
    return (
        {"text": f"{who} said yes", "tone": "good"} if verdict.is_valid else {"text": f"{who} said no", "tone": "bad"}
    )


def _warnings(grounding: Grounding) -> dict[str, Any]:
    return {
        "similarity": grounding.similarity,
        "stale": [line(word, 60) for word in grounding.stale_words[:12]],
        "missing": [line(name, 80) for name in grounding.missing_inputs[:12]],
        "unmet": [line(value, 80) for value in grounding.unmet[:12]],
    }


def _values(grounding: Grounding) -> list[dict[str, Any]]:
    return [
        {
            "text": line(value.text, 120),
            "name": f"named{n}",
            "ref": _reference(f"value{n}.1", value.evidence) if value.evidence else None,
            "standing": _standing(value),
        }
        for n, value in enumerate(grounding.values, 1)
    ]


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


def _badges(attempt: Attempt, queue_reason: QueueReason | None, state: ProposalState) -> list[dict[str, str]]:
    badges = []
    if state in (ProposalState.DEFERRED, ProposalState.FLAGGED):
        text, tone = words.STATE[state]
        badges.append({"text": text, "tone": tone, "why": "Put off or flagged: nobody has decided on it yet."})
    if state in (ProposalState.AUTO_ACCEPTED, ProposalState.AUTO_REJECTED):
        text, tone = words.STATE[state]
        why = "A bulk act did this; no person has seen the item. A verdict of yours counts instead."
        badges.append({"text": text, "tone": tone, "why": why})
    if queue_reason:
        text, tone, why = words.QUEUE[queue_reason]
        badges.append({"text": text, "tone": tone, "why": why})
    else:
        badges.append({"text": "Passed every check", "tone": "good", "why": "The pipeline itself would accept it."})
    if attempt.grounding.leaks:
        badges.append(
            {"text": "Gives the answer away", "tone": "bad", "why": "It names a value that only a result shows."}
        )
    if attempt.model == "rules":
        badges.append({"text": "Written by rules", "tone": "plain", "why": "A draft by rules, not by a model."})
    return badges


def _record_badges(trajectory: FailedTrajectory) -> list[dict[str, str]]:
    """What import found noteworthy about the record itself."""
    found = (words.MARK[mark] for mark in trajectory.marks)
    return [{"text": text, "tone": tone, "why": why} for text, tone, why in found]


def _reference(name: str, span: Evidence) -> dict[str, Any]:
    return {
        "id": name,
        "step": span.step,
        "field": span.field.value,
        "place": words.place(span.step, span.field),
        "quote": line(span.quote, 160),
    }


def _editable(text: str) -> str:
    """Give what a text box can hold unchanged: its own line ends, no NUL, no half characters."""
    whole = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
