"""What a lead sees of a team: each person's share, how far two people agree, and where they differ."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations, groupby
from statistics import median

from core.models import RejectReason, ReviewAction
from core.review.agreement import FEW, cohen_kappa, kappa_interval
from core.store import Store
from core.store.people import BlindOpinion, Deed, blind_opinions, deeds, opinions_since
from core.store.standing import OPINIONS


@dataclass(frozen=True)
class Person:
    """One reviewer's standing verdicts. `seconds`: median active time of an opinion; None = never measured.

    `both` are the items of the overlap that somebody else decided on too; on `agreed` of them the sides are the same,
    counted once for each other person.
    """

    name: str
    accepted: int
    edited: int
    rejected: int
    deferred: int
    flagged: int
    settled: int
    seconds: float | None
    reasons: dict[RejectReason, int]
    both: int
    agreed: int

    @property
    def done(self) -> int:
        """Items on which this person has an opinion."""
        return self.accepted + self.edited + self.rejected


@dataclass(frozen=True)
class PairOfPeople:
    """Two people over the `n` items of the overlap on which both have an opinion; kappa None = not defined."""

    names: tuple[str, str]
    n: int
    agreed: int
    kappa: float | None
    interval: tuple[float, float] | None  # 95 %

    @property
    def enough(self) -> bool:
        """Whether kappa is worth more than its interval."""
        return self.n >= FEW


@dataclass(frozen=True)
class Difference:
    """One item on which two or more people took different sides, settled or not."""

    proposal_id: int
    approved_by: tuple[str, ...]
    rejected_by: tuple[str, ...]


@dataclass(frozen=True)
class Team:
    """People by name, pairs by how much they share, differences in the order of items."""

    people: tuple[Person, ...]
    pairs: tuple[PairOfPeople, ...]
    differences: tuple[Difference, ...]


def days_back(days: int) -> str:
    """The start of this day, or of the day so many days ago, where this program runs (UTC, ISO 8601)."""
    today = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    return (today - timedelta(days=days)).astimezone(UTC).isoformat()


def done_today(store: Store, annotator: str) -> int:
    """How many items this person has accepted, edited or rejected today."""
    return opinions_since(store, annotator, days_back(0))


def team(store: Store, *, since: str = "") -> Team:
    """Figures of everybody who has a verdict that stands; `since` (UTC, ISO 8601) leaves older ones out of `people`.

    Agreement is that of all times.
    """
    items = [list(of_item) for _, of_item in groupby(blind_opinions(store), key=lambda one: one.proposal_id)]
    pairs = _pairs(items)
    by_name: defaultdict[str, list[Deed]] = defaultdict(list)
    for deed in deeds(store, since=since):
        by_name[deed.annotator].append(deed)
    people = [_person(name, by_name[name], pairs) for name in sorted(by_name)]
    return Team(tuple(people), tuple(pairs), tuple(filter(None, map(_difference, items))))


def _person(name: str, done: list[Deed], pairs: Iterable[PairOfPeople]) -> Person:
    counted = Counter(deed.action for deed in done if not deed.settles)
    mine = [pair for pair in pairs if name in pair.names]
    seconds = [deed.active_seconds for deed in done if deed.action in OPINIONS and deed.active_seconds is not None]
    reasons = Counter(RejectReason(deed.reason) for deed in done if deed.reason and not deed.settles)
    return Person(
        name=name,
        accepted=counted[ReviewAction.ACCEPT],
        edited=counted[ReviewAction.EDIT],
        rejected=counted[ReviewAction.REJECT],
        deferred=counted[ReviewAction.DEFER],
        flagged=counted[ReviewAction.FLAG],
        settled=sum(deed.settles for deed in done),
        seconds=median(seconds) if seconds else None,
        reasons=dict(reasons.most_common()),
        both=sum(pair.n for pair in mine),
        agreed=sum(pair.agreed for pair in mine),
    )


def _pairs(items: Iterable[list[BlindOpinion]]) -> list[PairOfPeople]:
    votes: defaultdict[tuple[str, str], Counter[tuple[bool, bool]]] = defaultdict(Counter)
    for item in items:
        for one, other in combinations(sorted(item, key=lambda opinion: opinion.annotator), 2):
            votes[one.annotator, other.annotator][_approves(one), _approves(other)] += 1
    found = [
        PairOfPeople(
            names=names,
            n=both.total(),
            agreed=both[True, True] + both[False, False],
            kappa=cohen_kappa(both),
            interval=kappa_interval(both),
        )
        for names, both in votes.items()
    ]
    return sorted(found, key=lambda pair: (-pair.n, pair.names))


def _difference(item: list[BlindOpinion]) -> Difference | None:
    approved = tuple(one.annotator for one in item if _approves(one))
    rejected = tuple(one.annotator for one in item if not _approves(one))
    return Difference(item[0].proposal_id, approved, rejected) if approved and rejected else None


def _approves(opinion: BlindOpinion) -> bool:
    return opinion.action is not ReviewAction.REJECT
