"""Two texts, word by word: what went and what came."""

import re
from difflib import SequenceMatcher
from html import escape

import streamlit as st

from review_app.rows import capped

_STYLE = """<style>
.words { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .92rem; line-height: 1.55; }
.words ins { text-decoration: underline; text-underline-offset: 3px; }
.words ins { border-radius: 3px; background: color-mix(in srgb, #2e9e6b 26%, transparent); }
.words del { opacity: .75; border-radius: 3px; background: color-mix(in srgb, #d9634f 22%, transparent); }
.words del + ins { margin-inline-start: .3em; }
</style>"""


def show_word_diff(before: str, after: str) -> None:
    """`after` with what it changes of `before` marked; every word is escaped."""
    st.html(f"{_STYLE}<div class='words' dir='auto'>{word_diff(capped(before), capped(after))}</div>")


def word_diff(before: str, after: str) -> str:
    """HTML of `after` with `<ins>` and `<del>` against `before`."""
    old, new = (re.findall(r"\s+|\S+", text) for text in (before, after))
    drawn = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = escape("".join(old[a:b])), escape("".join(new[c:d]))
        if kind == "equal":
            drawn.append(come)
            continue
        drawn += [f"<del>{gone}</del>"] if gone else []
        drawn += [f"<ins>{come}</ins>"] if come else []
    return "".join(drawn)
