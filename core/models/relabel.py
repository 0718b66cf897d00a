"""Stage 3 results: attempts at a new goal, what judges say of them, and the one put forward."""

from enum import StrEnum

from pydantic import Field

from core.models.base import Value
from core.models.evidence import Evidence, Grounding


class Seen(Value):
    """Which steps of its range a model did not see whole; the others it did. 1-based."""

    cut: tuple[int, ...] = Field((), description="Long texts without their middle, save for what is cited.")
    hidden: tuple[int, ...] = Field((), description="Not shown at all.")


class RubricScore(Value):
    """One dimension of a verdict: Grounding and Completion by code, others by the judge for this request."""

    name: str
    score: float = Field(ge=0, le=1)
    weight: float = Field(1.0, ge=0, le=1, description="How far the dimension applies to this request.")
    reason: str = ""


class SecondJudgeVerdict(Value):
    """What a judge says of an attempt. A "no" is final for that attempt.

    `is_valid` None: the judge answered nothing usable, so the attempt stays unjudged.
    """

    is_valid: bool | None
    confidence: float | None = Field(None, ge=0, le=1)
    reason: str = ""
    judge: str = Field("rules", description="Model name, or `rules` for the check in code.")
    prompt_hash: str = ""
    rubric: tuple[RubricScore, ...] = ()
    seen: Seen | None = Field(None, description="None: no part of the run was put before it as text.")


class QueueReason(StrEnum):
    """Why the pipeline did not accept an attempt by itself; the human queue shows it."""

    JUDGE_SAID_NO = "judge_said_no"
    UNJUDGED = "unjudged"
    BELOW_THRESHOLD = "below_threshold"
    LOW_RUBRIC = "low_rubric"  # one dimension lies under the least that was set, whatever the others say
    SPEAKS_TO_JUDGE = "speaks_to_judge"  # something in the run gives orders to whoever judges it
    HOLDS_SECRET = "holds_secret"  # noqa: S105 - in request or answer: a key, a token or a password
    UNGROUNDED = "ungrounded"
    AUTHOR_SAID_NO = "author_said_no"  # the relabeller itself says the goal does not hold


class Attempt(Value):
    """One relabelling try, complete enough to be judged, edited and exported."""

    number: int = Field(1, description="Which question to the relabeller it answers.")
    goal: int = Field(1, description="Which of the goals in that answer it is.")
    hindsight_prompt: str
    is_valid: bool = True
    confidence: float = Field(ge=0, le=1, description="c: what the relabeller itself believes.")
    rationale: str = ""
    first_step: int = Field(1, ge=1, description="1-based, inclusive.")
    last_step: int = Field(ge=1, description="1-based, inclusive.")
    final_answer: str = Field("", description="Rewritten for the new goal from cited evidence.")
    answer_evidence: tuple[Evidence, ...] = ()
    thoughts: dict[int, str] = Field(
        default_factory=dict, description="By 1-based step: a thought rewritten to serve the new goal."
    )
    grounding: Grounding = Grounding()
    warnings: tuple[Evidence, ...] = Field(
        (), description="Places in its steps that give orders to a model or a judge, or set a part of their format."
    )
    verdict: SecondJudgeVerdict | None = None
    verdicts: tuple[SecondJudgeVerdict, ...] = Field((), description="Of each judge, where several were asked.")
    temperature: float | None = None
    model: str = "rules"
    prompt_hash: str = ""

    @property
    def score(self) -> float | None:
        """min(c, c2); None while no judge has said yes or no."""
        if self.verdict is None or self.verdict.is_valid is None or self.verdict.confidence is None:
            return None
        return min(self.confidence, self.verdict.confidence)


class RelabeledData(Value):
    """Stage 3: the attempt put before a human, every other attempt, and what the pipeline makes of it."""

    trajectory_id: str
    attempts: tuple[Attempt, ...] = Field(min_length=1)
    proposed: int = Field(0, description="Index of the attempt put forward.")
    queue_reason: QueueReason | None = Field(None, description="None: accepted by the pipeline itself.")

    @property
    def attempt(self) -> Attempt:
        """The attempt put forward."""
        return self.attempts[self.proposed]

    def with_proposed(self, attempt: Attempt) -> "RelabeledData":
        """The same with `attempt` in the place of the one put forward."""
        attempts = (*self.attempts[: self.proposed], attempt, *self.attempts[self.proposed + 1 :])
        return self.model_copy(update={"attempts": attempts})

    @property
    def accepted(self) -> bool:
        """Whether the pipeline itself accepts it: b = 1, c >= theta, judge yes, c2 >= theta."""
        return self.queue_reason is None

    @property
    def hindsight_prompt(self) -> str:
        """The new goal put forward (the reference's name)."""
        return self.attempt.hindsight_prompt

    @property
    def confidence(self) -> float:
        """Score of the attempt put forward, or its own confidence while unjudged."""
        score = self.attempt.score
        return self.attempt.confidence if score is None else score

    @property
    def rationale(self) -> str:
        """Why the run satisfies the new goal (the reference's name)."""
        return self.attempt.rationale

    @property
    def is_valid_replay(self) -> bool:
        """Whether the relabeller holds the new goal to be met (the reference's name)."""
        return self.attempt.is_valid
