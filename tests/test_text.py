"""Texts from outside made safe to keep and to show."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from broadsheet.errors import InputError
from broadsheet.newsroom import Newsroom
from broadsheet.readers.profiles import set_profile
from broadsheet.tables.values import SkipRow, checked_id
from broadsheet.text import has_controls, html_value, one_line, web_link, without_controls

BAD_LINKS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    " https://a.example",
    "data:text/html,x",
    "file:///etc/passwd",
    "//a.example",
    "https://",
    "http://[bad",
    "https://a.example/\x1b]8;;x",
    "",
]


@pytest.mark.parametrize("url", BAD_LINKS)
def test_what_is_no_web_address_is_no_link(url):
    assert web_link(url) == ""
    assert web_link("https://a.example/b?c=d") == "https://a.example/b?c=d"


# Python calls these unprintable, and yet a line keeps them: two joiners that some scripts and emoji need, Arabic and
# Syriac marks round a number, and the blanks and characters of a newer Unicode that Python does not know yet.
@given(st.text(max_size=100))
def test_what_is_printed_is_one_line_without_control_characters(text):
    line = one_line(text)
    assert len(line.splitlines()) < 2 and not has_controls(line)
    odd = {unicodedata.category(one) for one in line if not one.isprintable() and one not in "\u200c\u200d"}
    assert odd <= {"Cf", "Cn"}


def test_control_characters_are_taken_out_and_joiners_kept():
    assert without_controls("a\x00b\x1b[31m\u202ec\u200bd\ufeffe\u00adf\ue000g") == "ab[31mcdefg"
    assert without_controls("a\r\nb\x85c\u2028d\te\x1fg") == "a\nb\nc\nd\te g"
    assert without_controls("می\u200cشود 👨\u200d👩") == "می\u200cشود 👨\u200d👩"
    assert without_controls("\ud800x\ufffe\ufdd0") == "x"
    assert one_line(" a\n\u3000b\x00 ") == "a b"


@given(st.text())
def test_what_is_left_is_left_the_next_time(text):
    once = without_controls(text)
    assert without_controls(once) == once and once.encode() is not None
    assert not [one for one in once if unicodedata.category(one) in ("Cc", "Cs", "Co") and one not in "\n\t"]


@pytest.mark.parametrize(
    "character", ["\x00", "\t", "\n", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\ud800"]
)
def test_an_id_and_a_readers_words_refuse_the_same_characters(character, tmp_path):
    assert has_controls(f"a{character}b")
    with pytest.raises(SkipRow, match="id with control characters"):
        checked_id(f"a{character}b")
    if not character.isspace():  # in words a line break or a tab is a blank
        with pytest.raises(InputError, match="found a control character"):
            set_profile(Newsroom(tmp_path), "fan", f"a{character}b")


@pytest.mark.parametrize("text", ["plain", "Zürich 4", "می\u200cشود", "👨\u200d👩", "\u0600 5"])
def test_an_id_may_have_letters_of_any_script_and_joiners(text):
    assert checked_id(text) == text and not has_controls(text)


@pytest.mark.parametrize(
    "text", ["\ufeffN1", "N\u200b1", "soft\u00adhyphen", "N1\u200d", "\u200d", "a\u2060b", "a\u200eb"]
)
def test_an_id_with_a_character_that_nobody_sees_is_refused(text):
    with pytest.raises(SkipRow, match="id with invisible characters"):
        checked_id(text)


def test_html_shows_texts_without_controls_and_everything_else_as_it_is():
    assert html_value("a\x00\x1b\u202eb") == "ab" and html_value(3.5) == 3.5 and html_value(None) is None
    assert html_value(Markup("<p>")) == Markup("<p>") and isinstance(html_value(Markup("<p>")), Markup)
