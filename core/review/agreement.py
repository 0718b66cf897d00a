"""How far several judges, or several people, agree beyond what chance would give.

A judge that abstains counts for no pair. Kappa is that of Cohen (1960) for two judges and of Fleiss (1971) for
all of them; it is None where it is not defined: nothing was judged, or everybody always said the same.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from core.models import SecondJudgeVerdict

FEW = 30  # items under which the large-sample variance does not hold


@dataclass(frozen=True)
class Pair:
    """Two judges over the `n` attempts on which both said yes or no."""

    judges: tuple[str, str]
    n: int
    agreed: int
    kappa: float | None


@dataclass(frozen=True)
class Agreement:
    """Of one panel: `attempts` it was asked about, on `decided` of which every judge said yes or no."""

    judges: tuple[str, ...]
    attempts: int
    decided: int
    abstained: dict[str, int]
    pairs: tuple[Pair, ...]
    fleiss_kappa: float | None


def agreements(panels: Iterable[Sequence[SecondJudgeVerdict]]) -> list[Agreement]:
    """One entry for each set of judges, the busiest first."""
    votes: defaultdict[tuple[str, ...], Counter[tuple[bool | None, ...]]] = defaultdict(Counter)
    for verdicts in panels:
        ordered = sorted(verdicts, key=lambda verdict: verdict.judge)
        votes[tuple(verdict.judge for verdict in ordered)][tuple(verdict.is_valid for verdict in ordered)] += 1
    found = [_agreement(judges, counted) for judges, counted in votes.items()]
    return sorted(found, key=lambda one: -one.attempts)


def _agreement(judges: tuple[str, ...], votes: Counter[tuple[bool | None, ...]]) -> Agreement:
    decided = Counter({vote: n for vote, n in votes.items() if None not in vote})
    pairs = [_pair(judges, votes, first, second) for first, second in combinations(range(len(judges)), 2)]
    return Agreement(
        judges=judges,
        attempts=votes.total(),
        decided=decided.total(),
        abstained={
            judge: sum(n for vote, n in votes.items() if vote[place] is None) for place, judge in enumerate(judges)
        },
        pairs=tuple(pairs),
        fleiss_kappa=fleiss_kappa(decided),
    )


def _pair(judges: Sequence[str], votes: Counter[tuple[bool | None, ...]], first: int, second: int) -> Pair:
    both: Counter[tuple[bool, bool]] = Counter()
    for vote, n in votes.items():
        one, other = vote[first], vote[second]
        if one is not None and other is not None:
            both[one, other] += n
    agreed = both[True, True] + both[False, False]
    return Pair((judges[first], judges[second]), both.total(), agreed, cohen_kappa(both))


def cohen_kappa(both: Counter[tuple[bool, bool]]) -> float | None:
    """Kappa of two judges from how often each pair of answers was given."""
    n = both.total()
    if not n:
        return None
    first = (both[True, True] + both[True, False]) / n
    second = (both[True, True] + both[False, True]) / n
    chance = first * second + (1 - first) * (1 - second)
    return _beyond(chance, (both[True, True] + both[False, False]) / n)


def kappa_interval(both: Counter[tuple[bool, bool]]) -> tuple[float, float] | None:
    """95 % interval of Cohen's kappa by its large-sample variance (Fleiss, Cohen, Everitt 1969), from `FEW` items on.

    Of fewer as `_of_few` has it.

    Where nobody differed that variance is 0: the lower end then holds for the largest share of differences that
    would show none in `n` with a chance of 2.5 %. None where kappa is not defined.
    """
    n = both.total()
    if cohen_kappa(both) is None:
        return None
    if n < FEW:
        return _of_few(both)
    share = {(one, other): both[one, other] / n for one in (True, False) for other in (True, False)}
    first = {side: share[side, True] + share[side, False] for side in (True, False)}
    second = {side: share[True, side] + share[False, side] for side in (True, False)}
    seen = share[True, True] + share[False, False]
    chance = sum(first[side] * second[side] for side in (True, False))
    if seen == 1:
        return _beyond(chance, 0.025 ** (1 / n)) or 0.0, 1.0
    same = sum(
        share[side, side] * ((1 - chance) - (first[side] + second[side]) * (1 - seen)) ** 2 for side in (True, False)
    )
    apart = (1 - seen) ** 2 * sum(share[one, not one] * (second[one] + first[not one]) ** 2 for one in (True, False))
    variance = (same + apart - (seen * chance - 2 * chance + seen) ** 2) / (n * (1 - chance) ** 4)
    kappa, half = (seen - chance) / (1 - chance), 1.96 * math.sqrt(max(variance, 0.0))
    return round(max(kappa - half, -1.0), 3), round(min(kappa + half, 1.0), 3)


def _of_few(both: Counter[tuple[bool, bool]]) -> tuple[float, float]:
    """Where few items give no variance: the middle 95 % of kappa over the shares of the four answers that fit them.

    Jeffreys prior, always the same 20,000 draws. Of 16 cases of 5 to 29 items with kappa 0.3 to 0.6, 400 samples
    each, it held the true kappa in 92 to 99.8 %.
    """
    seen = [both[one, other] + 0.5 for one in (True, False) for other in (True, False)]
    both_yes, first_yes, second_yes, both_no = np.random.default_rng(0).dirichlet(seen, 20_000).T
    first, second = both_yes + first_yes, both_yes + second_yes
    chance = first * second + (1 - first) * (1 - second)
    low, high = np.quantile((both_yes + both_no - chance) / (1 - chance), (0.025, 0.975))
    return round(float(low), 3), round(float(high), 3)


def fleiss_kappa(votes: Counter[tuple[bool | None, ...]]) -> float | None:
    """Kappa of all judges over the attempts on which each said yes or no."""
    total = votes.total()
    if not total:
        return None
    judges = len(next(iter(votes)))
    seen = chance_yes = 0.0
    for vote, n in votes.items():
        yes = vote.count(True)
        no = judges - yes
        seen += n * (yes * (yes - 1) + no * (no - 1)) / (judges * (judges - 1))
        chance_yes += n * yes / judges
    share = chance_yes / total
    return _beyond(share**2 + (1 - share) ** 2, seen / total)


def _beyond(chance: float, seen: float) -> float | None:
    return None if chance == 1 else round((seen - chance) / (1 - chance), 3)
