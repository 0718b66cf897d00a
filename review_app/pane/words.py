"""The words that the pane shows for the domain's values, all in one place."""

from core.models import Cause, Deed, FailureType, Field, LabelOutcome, Mark, ProposalState, QueueReason
from core.review.items import AUDIT_PICK, NO_SCORE, RANDOM_PICK

FAILURE = {
    FailureType.CONSTRAINT_VIOLATION: "Broke a constraint",
    FailureType.WRONG_RESULT: "Wrong result",
    FailureType.INCOMPLETE: "Left incomplete",
    FailureType.TOOL_ERROR: "Tool error",
    FailureType.HALLUCINATION: "Made something up",
    FailureType.OFF_TOPIC: "Went off topic",
}
CAUSE = {
    Cause.AGENT: "the agent's doing",
    Cause.ENVIRONMENT: "caused by the environment",
    Cause.LABEL_NOISE: "the label may be wrong",
    Cause.NEVER_STARTED: "the agent never started",
    Cause.UNKNOWN: "",
}
QUEUE = {
    QueueReason.JUDGE_SAID_NO: (
        "Judge said no",
        "bad",
        "The second judge holds that the run does not satisfy this request.",
    ),
    QueueReason.UNJUDGED: ("Unjudged", "warn", "No judge has given a usable yes or no."),
    QueueReason.BELOW_THRESHOLD: ("Below threshold", "warn", "A score lies under the threshold in force."),
    QueueReason.LOW_RUBRIC: (
        "Weak in one point",
        "warn",
        "One dimension of its rubric lies under the least that the settings ask for (rubric_minimum).",
    ),
    QueueReason.SPEAKS_TO_JUDGE: (
        "Talks to the judge",
        "bad",
        "A text of the run gives orders to a model or a judge, so its verdict alone does not count.",
    ),
    QueueReason.HOLDS_SECRET: (
        "Holds a secret",
        "bad",
        "The request or the answer repeats a key, a token or a password of the run: take it out, or reject.",
    ),
    QueueReason.UNGROUNDED: ("Value not found", "bad", "The request names something that the run does not show."),
    QueueReason.AUTHOR_SAID_NO: (
        "Writer unsure",
        "warn",
        "Whoever wrote the request (the relabeller: a model, or the rules) says that the run does not meet it.",
    ),
}
MARK = {
    Mark.TRUNCATED: ("Texts cut", "warn", "The texts of this run are cut at one length: what was cut is lost."),
    Mark.PLACEHOLDERS: ("Results missing", "warn", "Some results are only placeholders such as [omitted]."),
    Mark.DO_NOT_TRAIN: ("Not for training", "bad", "Its record forbids training on it, so it never leaves as a row."),
    Mark.GRADER_TEXT: (
        "Grader's words in it",
        "plain",
        "A grader wrote into a result. No stage and no judge saw it, and no training row holds it.",
    ),
    Mark.SEVERAL_AGENTS: ("Several agents", "plain", "More than one agent acts in this run."),
}
WHY_NEAR = "What is nearest to the threshold comes first: there a verdict tells most."
WHY = {
    NO_SCORE: "Without a score it counts as being at the threshold, where a verdict tells most.",
    RANDOM_PICK: "About one in ten items comes whatever its score: only such a sample says fairly how often"
    " the scores are right.",
    AUDIT_PICK: "A bulk act is planned, and a random sample of its items is checked by people first: your verdict"
    " counts as on any other item, and stands whatever becomes of the act.",
}
STATE = {
    ProposalState.PENDING: ("Waiting", "plain"),
    ProposalState.DEFERRED: ("Deferred", "warn"),
    ProposalState.FLAGGED: ("Flagged", "warn"),
    ProposalState.ACCEPTED: ("Accepted", "good"),
    ProposalState.EDITED: ("Accepted with edits", "good"),
    ProposalState.REJECTED: ("Rejected", "bad"),
    ProposalState.SECOND: ("Waits for a second person", "plain"),
    ProposalState.DISPUTED: ("Disputed", "warn"),
    ProposalState.AUTO_ACCEPTED: ("Auto-accepted", "plain"),
    ProposalState.AUTO_REJECTED: ("Auto-rejected", "plain"),
}
DEED: dict[Deed | None, str] = {
    Deed.CREATED: "created",
    Deed.CHANGED: "changed",
    Deed.REMOVED: "removed",
    Deed.WRITTEN: "written",
}
LABEL = {
    LabelOutcome.SUCCESS: "Source says: success",
    LabelOutcome.FAILURE: "Source says: failed",
    LabelOutcome.UNKNOWN: "",
}
FIELD = {
    Field.OBSERVATION: "result",
    Field.ACTION_INPUT: "call",
    Field.ACTION_NAME: "tool",
    Field.TEXT: "message",
    Field.THOUGHT: "thought",
    Field.PROMPT: "request",
    Field.SYSTEM: "system prompt",
    Field.FINAL_ANSWER: "final answer",
}


def severity(value: float) -> str:
    """Severity 0..1 in one word."""
    return "mild" if value < 1 / 3 else "moderate" if value < 2 / 3 else "severe"


def place(step: int, field: Field) -> str:
    """Where a span stands: `step 3 · result`, or `request` for the trajectory itself."""
    return f"step {step} · {FIELD[field]}" if step else FIELD[field]
