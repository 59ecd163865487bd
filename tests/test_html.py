"""Texts out of HTML, as their readers see them."""

import time

import pytest

from broadsheet.errors import InputError
from broadsheet.html import without_html
from broadsheet.importers.tables import import_tables
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import NEWS

BODY = """<p>The council approved the new bridge over the river on Monday.</p>
<p>Construction will cost 12 million euros, Mayor Anna Berg said.</p><figure><img src="https://e.org/x.jpg">
<figcaption>Photo: archive</figcaption></figure><script>track("<p>")</script><p>Residents welcomed<br/>the plan.</p>"""
PLAIN = """The council approved the new bridge over the river on Monday.

Construction will cost 12 million euros, Mayor Anna Berg said.

Residents welcomed
the plan."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BODY, PLAIN),
        ("Council approves <em>new</em> bridge", "Council approves new bridge"),
        ("First <b>one</b>.\n\nSecond\nline", "First one.\n\nSecond\nline"),  # the lines of a plain text are its own
        ("Rain until Friday.<br/>Then it clears up.&nbsp;9&deg;C", "Rain until Friday.\nThen it clears up.\xa09°C"),
        ("<div>\n One\n two <p>three</div>", "One two\n\nthree"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n\n3"),
        ("<p>x &lt; y &amp;amp; z</p>", "x < y &amp; z"),
        ("&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two &amp;amp; three.&lt;/p&gt;", "One.\n\nTwo & three."),  # as feeds write it
        ("<!-- a note -->Text<p>&nbsp;</p>", "Text"),
        ("<A HREF='x>y'>link</A>", "link"),
    ],
)
def test_tags_are_taken_out_and_paragraphs_kept(text, expected):
    assert without_html(text) == (expected, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a < b and c > d", "a < b and c > d"),
        ("I <3 you, press <Enter>", "I <3 you, press <Enter>"),
        ("AT&T &amp; Co: the &lt;p&gt; tag", "AT&T & Co: the <p> tag"),
        ("Two\n\nparagraphs", "Two\n\nparagraphs"),
    ],
)
def test_a_text_without_tags_stays_as_it_is(text, expected):
    assert without_html(text) == (expected, False)


@pytest.mark.parametrize("piece", ["<div>", "<b>", "<p", "<a><table>", "<!--", "&lt;p&gt;", "<p>&lt;", "</p>", "<"])
def test_a_text_made_to_be_slow_is_cleaned_in_bounded_time(piece):
    for times in (4_900, 60_000):
        begun = time.process_time()
        without_html(piece * (times // piece.count("<") if "<" in piece else times) + "</p>")
        assert time.process_time() - begun < 5  # 60,000 nested elements took 40 seconds to parse


def test_an_import_cleans_counts_and_joins_titles_and_keeps_tags_if_it_is_told(tmp_path):
    room, rows = Newsroom(tmp_path), [{"news_id": "a", "title": "<p>One</p>\n<p>two</p>", "body": BODY}]
    with Import(room) as add:
        add.news([*rows, {"news_id": "b", "title": "2 < 3 &amp; 4"}])
    news = read_table(room.news, NEWS)
    assert news.column("title").to_pylist() == ["One two", "2 < 3 & 4"] and news.column("body")[0].as_py() == PLAIN
    assert add.report.notes == {"news: HTML taken out of the texts": 1}
    with Import(room, html="keep") as add:
        add.news(rows)
    assert read_table(room.news, NEWS).column("body")[1].as_py() == BODY and not add.report.notes


def test_the_setting_keeps_tags_and_an_unknown_choice_is_an_error(tmp_path):
    room = Newsroom(tmp_path)
    room.config_file.write_text('[imports]\nhtml = "keep"\n')
    (tmp_path / "a.csv").write_text("news_id,title,body\na,A,<p>b</p>\n")
    import_tables(room, tmp_path / "a.csv", None, None, {})
    assert read_table(room.news, NEWS).column("body").to_pylist() == ["<p>b</p>"]
    import_tables(room, tmp_path / "a.csv", None, None, {}, html="clean")
    assert read_table(room.news, NEWS).column("body").to_pylist() == ["b"]
    with pytest.raises(InputError, match="html: found 'strip', expected clean or keep"):
        import_tables(room, tmp_path / "a.csv", None, None, {}, html="strip")
