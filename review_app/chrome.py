"""What stands around every screen: spacing, and one quiet line of filter, database and reviewer."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import UserError
from core.review.typed import LONGEST_NAME, account_name, reviewer_name
from review_app.pane.shown import line
from review_app.session import database, known_name, rename_annotator

_TOOLS = "tools"
_LOOKALIKES = str.maketrans("<>*_`[]:#$~\\|&/^", "‹›∗ˍˋ［］∶＃＄∼⧵∣＆∕＾")  # noqa: RUF001  meant to look alike

# Streamlit leaves a tenth of the screen empty above the first element; the header line is fixed into its bar.
# The last rule stands in for Streamlit's dialog of a lost connection (`host_config`), over the links to the screens,
# which are dead then; a short gap is not told.
_STYLE = """<style>
.stMainBlockContainer { padding: 3.6rem 1.25rem 1rem; max-width: none; }
.st-key-desk { position: fixed; top: 0; right: .75rem; height: 3.75rem; width: auto !important; gap: .25rem; }
.st-key-desk [data-testid="stText"] { font-size: .85rem; opacity: .72; white-space: nowrap; margin-right: .5rem; }
.st-key-desk > div { width: auto !important; flex: none; }
.st-key-desk { z-index: 999990; }
.st-key-tools { width: auto !important; gap: .9rem; margin-right: .9rem; }
.st-key-tools > div { width: auto !important; flex: none; }
.st-key-desk button[aria-expanded="true"] { color: inherit !important; }
:is(a, button, [role="radio"], summary):focus-visible { outline: 2px solid #4f7de0 !important; outline-offset: 2px; }
.stMain:focus, .stMain:focus-visible, main:focus { outline: none !important; box-shadow: none !important; }
.st-key-entry { max-width: 30rem; margin: 12vh auto 0; }
[class*="st-key-fault_"] { margin-top: .9rem; max-width: 60rem; }
.stMainBlockContainer > [data-testid="stVerticalBlock"] { gap: .5rem; }
[data-variant="segmented_control"][aria-checked="true"] { color: inherit !important; }
[data-testid="stSliderThumbValue"], [role="tab"][aria-selected="true"] { color: inherit !important; font-weight: 600; }
[data-testid="stCaptionContainer"] { color: inherit !important; opacity: .76; }
.st-key-page_rows { height: calc(100vh - 14.4rem) !important; min-height: 22rem; flex: none !important; }
[data-testid="stHeading"] h1 { padding: .25rem 0 1rem; }
[data-testid="stHeading"] h2, [data-testid="stHeading"] h3 { padding: .25rem 0; }
[data-stale="true"]:has(.stBidiComponent) { opacity: 1 !important; transition: none !important; }
.stApp[data-test-connection-state]:not([data-test-connection-state="CONNECTED"])::after {
  content: "The app does not answer; trying again. If this lasts, start it anew.";
  position: fixed; z-index: 999991; top: .75rem; left: .75rem; max-width: calc(100vw - 2rem); padding: .4rem .9rem;
  border-radius: .5rem; background: #8a1c1c; color: #fff; font-size: .875rem; box-shadow: 0 2px 12px #0005;
  visibility: hidden; animation: unanswered 0s 4s forwards;
}
@keyframes unanswered { to { visibility: visible; } }
</style>"""


def page_style() -> None:
    """Use the height of the screen."""
    st.html(_STYLE)


def header() -> None:
    """Tools of the screen, database and reviewer; the name can be changed where it stands."""
    try:
        who = known_name()
    except UserError as error:
        _ask_who(str(error))
        st.stop()
    if who is None:
        _ask_who()
        st.stop()
    with st.container(key="desk", horizontal=True, vertical_alignment="center", horizontal_alignment="right"):
        st.session_state[_TOOLS] = st.container(key="tools", horizontal=True, vertical_alignment="center")
        st.text(_short(line(database().name)))
        with st.popover(as_label(who), icon=":material/person:", type="tertiary"):
            typed = st.text_input("Reviewing as", who, key="desk_name")
            st.caption("Stored with every verdict, and kept in this page's address.")
            try:
                name = reviewer_name(typed)
            except UserError as error:
                st.warning("Not changed.", icon=":material/error:")
                st.text(str(error))
            else:
                if name != who:
                    rename_annotator(name)
                    st.rerun()


def tools() -> DeltaGenerator:
    """The place in the top row, beside the database's name, for what a screen needs always at hand."""
    place: DeltaGenerator = st.session_state[_TOOLS]
    return place


def _ask_who(why: str = "") -> None:
    """Nothing is shown before somebody has said a name: what is opened is kept for that name.

    `why`: what is wrong with the name in the address; nothing is shown or stored under it.
    """
    with st.container(key="entry"), st.form("who", enter_to_submit=True):
        st.subheader("Who is reviewing?", anchor=False)
        if why:
            st.error("The name in this page's address (as=...) cannot be used.", icon=":material/error:")
            st.text(why)
        typed = st.text_input("Your name", account_name(), max_chars=LONGEST_NAME, key="entry_name")
        st.caption("Stored with every verdict. There is no sign-in: take the same name each time.")
        if st.form_submit_button("Start", type="primary", icon=":material/arrow_forward:"):
            try:
                rename_annotator(typed)
            except UserError as error:
                st.error("This cannot be a name.", icon=":material/error:")
                st.text(str(error))
            else:
                st.rerun()


def _short(name: str, most: int = 28) -> str:
    half = most // 2 - 1
    return name if len(name) <= most else f"{name[:half]}…{name[-half:]}"


def as_label(text: str, most: int = 28) -> str:
    """A text inside a label, where Streamlit would read markdown: its signs become such as look like them.

    Cut in the middle to about `most` characters.
    """
    return _short(line(text).translate(_LOOKALIKES), most)
