import pytest

from core.errors import UserError
from core.review.typed import can_be_seen, reviewer_name, tag_name


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("  Anna \n Lee\t", "Anna Lee"),
        ("Jose\u0301", "Jos\u00e9"),
        ("Ann [red](x)", "Ann [red](x)"),
        ("\u7530\u4e2d\u3000\u592a\u90ce", "\u7530\u4e2d \u592a\u90ce"),
        ("x" * 60, "x" * 60),
    ],
)
def test_a_name_is_stored_in_one_spelling(given, stored):
    assert reviewer_name(given) == stored
    assert reviewer_name(stored) == stored


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("", "needs at least one letter"),
        (" \n ", "needs at least one letter"),
        ("\u3164", "invisible characters (U+3164)"),
        ("anna\u202e", "invisible characters (U+202E)"),
        ("an\u200bna", "invisible characters (U+200B)"),
        ("an\0na", "invisible characters (U+0000)"),
        ("a\ud800", "invisible characters (U+D800)"),
        ("x" * 61, "at most 60 characters; this one has 61"),
    ],
)
def test_a_name_that_could_be_mistaken_is_refused_in_words(given, says):
    with pytest.raises(UserError) as refused:
        reviewer_name(given)
    assert says in str(refused.value)


def test_combining_marks_and_fillers_alone_cannot_be_seen():
    assert not can_be_seen("\u0301 \u200d\ufe0f\u2800")
    assert can_be_seen("-")


def test_a_tag_is_plain_text_without_commas():
    assert tag_name(" to,  look\tat ") == "to look at"
    for given in ("x" * 41, "a\u202e", " , "):
        with pytest.raises(UserError, match="A tag"):
            tag_name(given)
