"""Bulk: many items at once, as an act that is planned, checked by a sample, applied and taken back."""

import streamlit as st

from core.errors import UserError
from core.models import BulkAction, FailureType
from core.review.audit import TARGETS, sample_size
from core.review.bulk import SKIPPED, DryRun, dry_run, plan_bulk
from core.review.thresholds import policy_in_force
from core.store import Store
from core.store.browse import matching
from core.store.bulk import BulkPlan, bulk_acts, changed_now
from core.store.many import Chosen
from core.store.queue import state_counts
from review_app.bulk_acts import show_act
from review_app.counted import counted
from review_app.filtering import filter_fields, is_narrowed
from review_app.kept import Filtered, keep, recall
from review_app.pane.shown import line
from review_app.pane.words import FAILURE
from review_app.policies import show_policies
from review_app.session import annotator, settings, store
from review_app.widgets import Cell, Figure, Row, empty, figures, table

_A_PAGE = 20
_MOST_ALLOWED = 5
_NEW, _ACTS, _POLICIES = "New act", "Acts", "Policy history"
_ACTION = {BulkAction.ACCEPT: "Accept", BulkAction.REJECT: "Reject"}


def choose(opened: Store, me: str) -> BulkPlan:
    """What to do, and to which items."""
    in_force = policy_in_force(opened, settings().pipeline)
    st.session_state.setdefault("bulk_action", BulkAction.ACCEPT)
    action = st.segmented_control(
        "What to do",
        list(_ACTION),
        required=True,
        format_func=lambda one: _ACTION[one],
        key="bulk_action",
    )
    delta = 0.0
    if action is BulkAction.REJECT:
        st.session_state.setdefault("bulk_below", 0.2)
        theta = st.slider(
            "Scores below", 0.0, 1.0, step=0.01, help="An unjudged item has no score and stays.", key="bulk_below"
        )
    else:
        theta = st.slider("Least score", 0.0, 1.0, in_force.theta, 0.01, help="theta; here for this act alone.")
        delta = st.slider(
            "Least weight", 0.0, 1.0, in_force.delta, 0.01, help="delta; 1 is a small slip, 0 a disaster."
        )
    recall("bulk", Filtered)
    with st.popover(f"Only some of them{' · on' if is_narrowed('bulk') else ''}", icon=":material/filter_list:"):
        wanted = filter_fields(
            opened, me, None, prefix="bulk", count=lambda chosen: matching(opened, Chosen(chosen, None))
        )
    keep("bulk", Filtered)
    return BulkPlan(action or BulkAction.ACCEPT, theta, delta, wanted)


def begin(opened: Store, plan: BulkPlan, found: DryRun, me: str) -> None:
    """How sure the lead wants to be, why, and the button that draws the sample."""
    target = st.select_slider(
        "Share that is to be right", TARGETS, 0.95, format_func=lambda share: f"{share:.0%}", key="bulk_target"
    )
    allowed = st.number_input(
        "Wrong ones that the sample may hold", 0, _MOST_ALLOWED, 0, help="More of them ask for a larger sample."
    )
    size = sample_size(target, wrong=allowed)
    drawn = min(size, found.total)
    st.caption(
        f"{counted(size, 'item')} with {allowed or 'no'} wrong {'ones' if allowed != 1 else 'one'}"
        f" show that at least {target:.0%} are right, with 95% certainty."
    )
    if 0 < found.total <= size:
        st.warning("The sample is all of it: review them one by one, or ask for a lower share.", icon=":material/info:")
    why = st.text_input("Why", placeholder="For whoever reads the history later", max_chars=300, key="bulk_why")
    label = f"Plan it and draw {counted(drawn, 'item')}" if drawn else "Nothing would change"
    few = drawn == found.total  # nothing would be left for the act
    if st.button(label, type="secondary" if few else "primary", icon=":material/casino:", disabled=not drawn):
        try:
            batch = plan_bulk(opened, plan, why=why, target=target, allowed=allowed, by=me)
        except UserError as error:
            st.error("It could not be planned.")
            st.text(str(error))
        else:
            st.session_state["bulk_go_to"] = _ACTS
            st.session_state["bulk_said"] = f"Planned as batch {batch}. Its sample comes first on Review."
            st.rerun()
    rest = f" The act changes the other {counted(found.total - drawn, 'item')}." if found.total > drawn else ""
    st.caption(f"Planning changes no item: {counted(drawn, 'item')} go to people first.{rest}" if drawn else "")


def consequences(opened: Store, plan: BulkPlan, found: DryRun) -> None:
    """What changes, what is skipped and why, and the items by name."""
    to = "auto-accepted" if plan.action is BulkAction.ACCEPT else "auto-rejected"
    skipped = sum(found.skipped.values())
    figures((Figure("Would change", found.total, f"to {to}"), Figure("Skipped", skipped, "stay as they are")))
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("What changes", anchor=False)
        kinds = [
            Row((FAILURE[FailureType(kind)] if kind else "None named", f"{n:,}")) for kind, n in found.changes.items()
        ]
        _or_text(("Failure", "Items"), kinds, "Nothing.")
    with right:
        st.subheader("What is skipped, and why", anchor=False)
        reasons = [Row((SKIPPED[reason].capitalize(), f"{n:,}")) for reason, n in found.skipped.items()]
        _or_text(("Reason", "Items"), reasons, "Nothing.")
    if found.total:
        pages = -(-found.total // _A_PAGE)
        page = st.pagination(pages, key="bulk_page") if pages > 1 else 1
        rows = changed_now(opened, plan, limit=_A_PAGE, offset=(page - 1) * _A_PAGE)
        head = ("Nearest to the threshold first", "Request", "Failure", "Source", "Score", "Weight")
        table(
            head,
            [
                Row(
                    (
                        line(one.name, 80),
                        Cell(line(" ".join(one.request.split()), 110), line(one.request)),
                        FAILURE[FailureType(one.failure_type)] if one.failure_type else "-",
                        line(one.source, 60),
                        f"{one.score:.2f}",
                        f"{one.weight:.2f}",
                    )
                )
                for one in rows
            ],
            numbers=("Score", "Weight"),
        )


def _or_text(head: tuple[str, ...], rows: list[Row], text: str) -> None:
    if rows:
        table(head, rows, numbers=head[1:])
    else:
        st.text(text)


st.title("Bulk", anchor=False)
with store() as opened:
    if not sum(state_counts(opened).values()):
        empty(
            "No proposals yet",
            "Import trajectories and run the stages; then many items can be accepted or rejected at once.",
            page="screens/import_run.py",
            label="Go to Import & run",
        )
        st.stop()
    acts = bulk_acts(opened)
    if "bulk_go_to" in st.session_state:
        st.session_state["bulk_view"] = st.session_state.pop("bulk_go_to")
    view = st.segmented_control(
        "View",
        [_NEW, _ACTS, _POLICIES],
        default=_NEW,
        required=True,
        format_func=lambda name: f"{name} ({len(acts):,})" if name == _ACTS and acts else name,
        label_visibility="collapsed",
        key="bulk_view",
    )
    if view == _POLICIES:
        show_policies(opened)
    elif view == _ACTS:
        if not acts:
            empty("No act yet", "Plan one under New act; it is listed here with its sample, and taken back from here.")
        if said := st.session_state.pop("bulk_said", ""):
            st.success(said, icon=":material/check:")
        for act in acts:
            show_act(opened, act, annotator())
    else:
        form, sheet = st.columns([2, 5], gap="large")
        with form:
            plan = choose(opened, annotator())
            found = dry_run(opened, plan)
            begin(opened, plan, found, annotator())
        with sheet:
            consequences(opened, plan, found)
