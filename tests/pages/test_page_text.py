import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.text import printable, web_link

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


@given(st.text(max_size=100))
def test_what_is_printed_is_one_line_without_control_characters(text):
    assert printable(text).isprintable()
