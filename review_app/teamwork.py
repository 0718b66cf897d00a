"""What the Team screen shows of people: figures, agreement, the overlap share, open items."""

import time
from itertools import groupby

import streamlit as st

from core.review.agreement import FEW
from core.review.overlap import set_overlap, would_release
from core.review.team import Difference, PairOfPeople, Person, Team
from core.store import Store
from core.store.leases import Lease, live_leases, release_lease
from core.store.overlap import current_overlap
from core.store.proposals import get_proposal
from core.store.trajectories import trajectory_name
from review_app.chrome import as_label
from review_app.counted import counted
from review_app.faults import in_words
from review_app.pane import words
from review_app.pane.shown import line
from review_app.session import store
from review_app.widgets import Row, empty, table

_DIFFERENCES_A_PAGE = 20
_SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)


def show_people(people: tuple[Person, ...]) -> None:
    """One line a person, by name."""
    if not people:
        empty("No verdicts here", "Figures come with the first verdict of the period.", page="screens/review.py",
              label="Go to Review")  # fmt: skip
        return
    head = ("Name", "Done", "Accepted", "Edited", "Rejected", "Deferred", "Flagged", "Settled", "Median time", "Agrees")
    table(head, map(_person, people), numbers=head[1:])
    st.caption(
        "Done: items with an accept, edit or reject that stands. Median time: seconds of activity before it, pauses and"
        " hidden tabs out. Agrees, at all times: on items of the overlap that somebody else decided on too."
    )


def _person(person: Person) -> Row:
    def share(n: int) -> str:
        return f"{n:,} ({n / person.done:.0%})" if person.done else "0"

    reasons = ", ".join(f"{reason.label.lower()} {n}" for reason, n in person.reasons.items())
    return Row(
        cells=(
            line(person.name, 60),
            f"{person.done:,}",
            share(person.accepted),
            share(person.edited),
            share(person.rejected),
            f"{person.deferred:,}",
            f"{person.flagged:,}",
            f"{person.settled:,}",
            "-" if person.seconds is None else f"{person.seconds:.0f} s",
            f"{person.agreed} of {person.both}" if person.both else "-",
        ),
        note=f"Rejected for: {reasons}" if reasons else "",
    )


def choose_share(opened: Store, who: str) -> None:
    """The overlap share, and what another one would do, before it does it."""
    now = current_overlap(opened)
    options = sorted({*_SHARES, now.share})
    wanted = st.select_slider(
        "Share of the items that two people decide on, blind to each other",
        options,
        now.share,
        format_func=lambda share: f"{share:.0%}",
        key=f"overlap_{now.created_at}",
    )
    released = would_release(opened, wanted)
    if wanted != now.share and released:
        have = "item that waits" if released == 1 else "items that wait"
        st.warning(f"{released:,} {have} for a second person will keep the first verdict.", icon=":material/info:")
    if st.button("Apply", type="primary", icon=":material/check:", disabled=wanted == now.share):
        set_overlap(opened, wanted, set_by=who)
        st.rerun()
    if now.created_at:
        st.text(f"Set to {now.share:.0%} by {line(now.set_by, 60)} on {now.created_at[:16].replace('T', ' ')} UTC.")
    st.caption("What was decided before a share covers it stays decided.")


def show_agreement(opened: Store, found: Team) -> None:
    """Kappa of every two people beside the items on which they differ."""
    if not found.pairs:
        empty("Nothing to compare yet", "Set a share; kappa comes when two people have decided on the same items.")
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Agreement", anchor=False)
        head = ("People", "Items", "Same side", "Kappa", "95 % interval")
        table(head, map(_pair, found.pairs), numbers=head[1:])
        st.caption("Approve against reject, beyond chance: 1 is full agreement, 0 is chance.")
    with right:
        st.subheader(f"Differences ({len(found.differences):,})", anchor=False)
        pages = -(-len(found.differences) // _DIFFERENCES_A_PAGE)
        page = st.pagination(pages, key="differences_page") if pages > 1 else 1
        if not found.differences:
            st.text("Nobody took different sides.")
        st.caption("One approved, the other rejected. Edits to different words are under Disputed.")
        start = (page - 1) * _DIFFERENCES_A_PAGE
        for difference in found.differences[start : start + _DIFFERENCES_A_PAGE]:
            _difference(opened, difference)


def _pair(pair: PairOfPeople) -> Row:
    if pair.kappa is None or pair.interval is None:
        kappa, interval = "not defined", "all on one side"
    else:
        kappa, interval = f"{pair.kappa:z.2f}", f"{pair.interval[0]:z.2f} to {pair.interval[1]:z.2f}"
    names = " and ".join(line(name, 60) for name in pair.names)
    few = "" if pair.enough else f"Fewer than {FEW} items: the interval says more than the figure."
    return Row((names, f"{pair.n:,}", f"{pair.agreed / pair.n:.0%}", kappa, interval), few)


def _difference(opened: Store, difference: Difference) -> None:
    row = get_proposal(opened, difference.proposal_id)
    if row is None:
        return
    sides = f"{', '.join(difference.approved_by)} for, {', '.join(difference.rejected_by)} against"
    state = words.STATE[row.state][0].lower()
    name = as_label(trajectory_name(opened, row.trajectory_key), 60)
    st.page_link(
        "screens/review.py", label=name, icon=":material/open_in_full:", query_params={"item": row.trajectory_key}
    )
    st.text(f"{line(sides, 150)} · now {state}")


@st.fragment(run_every=5.0)
def show_open(who: str) -> None:
    """Who has which item open, and for how long without a sign of life."""
    with in_words("open"), store() as opened:
        now = time.time()
        leases = live_leases(opened, now=now)
        if not leases:
            empty("Nobody has an item open", "An item is kept for whoever has it open, until they decide or go away.")
            return
        people = {name: list(held) for name, held in groupby(leases, key=lambda lease: lease.held_by)}
        st.text(f"{counted(len(people), 'person', 'people')} at work. A lease ends by itself; release it if needed.")
        st.caption("Two items in a line: one is on screen, the other is made ready to come next.")
        for name, held in people.items():
            _open_at(opened, name, held, now, who)


def _open_at(opened: Store, name: str, held: list[Lease], now: float, who: str) -> None:
    """One person with all that is kept for them, given back together."""
    holder, items, left, button = st.columns([2, 4, 1, 2], vertical_alignment="center")
    holder.text(line(name, 60))
    items.text("\n".join(line(lease.trajectory_id, 80) for lease in held))
    left.text(f"{max(lease.until for lease in held) - now:.0f} s left")
    if button.button(f"Release {as_label(name)}", key=f"release_{held[0].proposal_id}"):
        for lease in held:
            release_lease(opened, lease.proposal_id, name, released_by=who)
        st.rerun()
