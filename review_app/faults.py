"""What goes wrong, in words: what, where, what to do, and a button to try again. Never a traceback."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import UserError
from review_app.pane.shown import line


@contextmanager
def in_words(place: str) -> Iterator[None]:
    """Show what goes wrong inside as words; `place` tells one such spot of a screen from another.

    A fragment needs one of its own: Streamlit draws its error page before the screen around hears of it.
    """
    try:
        yield
    except UserError as error:
        show_fault(str(error), place)
    except Exception as error:  # the last stop before the screen
        logging.getLogger(__name__).exception("fault on screen %s", place)
        words = f"A fault that this program does not know: {type(error).__name__}: {error}"
        show_fault(f"{words}\nWhat is saved stays saved. The terminal that runs the app says more.", place)


def show_fault(words: str, place: str) -> None:
    """One fault, and what to do about it."""
    with st.container(border=True, key=f"fault_{place}"):
        st.error("This cannot be shown now.", icon=":material/error:")
        st.text(line(words, 2000))
        st.button("Try again", key=f"retry_{place}", type="primary", icon=":material/refresh:")
