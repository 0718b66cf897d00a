"""How many items a person must check before many more may follow unseen, and what the check has shown.

The model is the binomial: items are drawn at random, and each is right or wrong.
"""

from dataclasses import dataclass

from scipy.special import bdtr

from core.measures.shares import interval

CERTAINTY = 0.95
TARGETS = (0.8, 0.9, 0.95, 0.98, 0.99)  # shares that an audit can be asked to show
_MOST_WRONG = 20  # that an audit can be sized for


@dataclass(frozen=True)
class Audit:
    """The sample of a bulk act. `drawn` = right + wrong + not decided yet. `target`: the share that is to be right."""

    drawn: int
    right: int
    wrong: int
    target: float

    @property
    def decided(self) -> int:
        """How many a person has decided on."""
        return self.right + self.wrong

    @property
    def is_through(self) -> bool:
        """Whether all of the sample is decided: before that, its size is nobody's choice but the moment's."""
        return self.decided == self.drawn

    @property
    def interval(self) -> tuple[float, float] | None:
        """The exact 95 % interval (Clopper and Pearson) of the share that is right; None while nothing is decided."""
        return interval(self.right, self.decided) if self.decided else None

    @property
    def at_least(self) -> float:
        """The share that is right at the least, with 95 % certainty; 0 while nothing is decided."""
        return interval(self.right, self.decided, level=2 * CERTAINTY - 1)[0] if self.decided else 0.0

    @property
    def shows(self) -> bool:
        """Whether the whole sample shows the target."""
        return self.is_through and bool(self.drawn) and self.at_least >= self.target - 1e-9


def sample_size(target: float, *, wrong: int = 0) -> int:
    """The least number of items that shows a share of `target` right, though `wrong` of them are not.

    59 for 0.95 and none wrong. Raises `ValueError` outside 0 < target < 1 and 0 <= wrong <= 20.
    """
    if not 0 < target < 1 or not 0 <= wrong <= _MOST_WRONG:
        raise ValueError(f"No audit shows {target} with {wrong} wrong.")
    size = wrong + 1
    while bdtr(wrong, size, 1 - target) > 1 - CERTAINTY:
        size += 1
    return size
