"""Evidence: a span of the trajectory that code has found, never one that a model only claims."""

from enum import StrEnum

from core.models.base import Value


class Field(StrEnum):
    """Where in a trajectory a span stands. With step 0: prompt, system prompt or final answer."""

    OBSERVATION = "observation"
    ACTION_INPUT = "action_input"  # offsets count in `input_text(step)`
    ACTION_NAME = "action_name"
    TEXT = "text"
    THOUGHT = "thought"
    PROMPT = "original_prompt"
    SYSTEM = "system_prompt"
    FINAL_ANSWER = "final_answer"


# As they are read within one step.
_READ = (
    Field.SYSTEM, Field.PROMPT, Field.TEXT, Field.THOUGHT, Field.ACTION_NAME, Field.ACTION_INPUT, Field.OBSERVATION,
    Field.FINAL_ANSWER,
)  # fmt: skip


class Evidence(Value):
    """`trajectory.steps[step - 1].<field>[start:end] == quote`; step 0 is the trajectory itself."""

    step: int
    field: Field
    start: int
    end: int
    quote: str

    @property
    def place(self) -> tuple[bool, int, int, int]:
        """Sorts as a person reads a run: prompts, the steps one by one, the final answer."""
        return self.field is Field.FINAL_ANSWER, self.step, _READ.index(self.field), self.start


class Deed(StrEnum):
    """What a call did to the world: a look-up leaves it as it was."""

    LOOKED_UP = "looked_up"
    CREATED = "created"  # booked, ordered, sent, a new folder
    CHANGED = "changed"
    REMOVED = "removed"  # cancelled, deleted, refunded
    WRITTEN = "written"  # into a file


class Claim(Value):
    """One thing that the run achieved or saw, with the spans that show it. `deed` None: of what was only seen."""

    text: str
    evidence: tuple[Evidence, ...] = ()
    deed: Deed | None = None


class CheckedValue(Value):
    """A value, name or constraint that a prompt states, and where the run supports it.

    `start`/`end` count in the checked prompt; `evidence` None means *not found in the run*.
    """

    text: str
    start: int
    end: int
    evidence: Evidence | None = None
    leak: bool = False  # stands in observations only: naming it in the goal gives the answer away
    asked_only: bool = False  # stands in the user's words only: nothing in the run shows that it was met
    against: Evidence | None = None  # where the run shows the opposite, as a query that sorts the other way
    kind: str = ""  # number, date, time, id, quoted, name, superlative, way, count, deed; word: none of them


class Grounding(Value):
    """What code found out about a prompt before any model or human looked at it."""

    values: tuple[CheckedValue, ...] = ()
    similarity: float = 0.0  # to the original prompt, 0..1
    missing_inputs: tuple[str, ...] = ()  # inputs of kept calls that neither prompt nor earlier steps give
    stale_words: tuple[str, ...] = ()  # words of the old goal left in the kept thoughts or final answer
    secrets: tuple[str, ...] = ()  # kinds of secrets in prompt or final answer: api_key, password, private_key

    @property
    def unsupported(self) -> tuple[str, ...]:
        """Values that stand nowhere in the run, or that it shows otherwise."""
        return tuple(v.text for v in self.values if v.evidence is None)

    @property
    def contradicted(self) -> tuple[str, ...]:
        """Values of which the run shows the opposite."""
        return tuple(v.text for v in self.values if v.against)

    @property
    def unmet(self) -> tuple[str, ...]:
        """Values that the user named and no call or result ever took up."""
        return tuple(v.text for v in self.values if v.asked_only)

    @property
    def leaks(self) -> tuple[str, ...]:
        """Values that give the answer away."""
        return tuple(v.text for v in self.values if v.leak)
