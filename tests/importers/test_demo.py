import csv
import io
import re
import zipfile
from datetime import UTC, datetime, timedelta

import pyarrow.compute as pc
import pytest

from broadsheet.config.reading import read_config
from broadsheet.errors import AssetError, CorpusError
from broadsheet.importers.demo import ARTICLES, import_demo, read_users, section
from broadsheet.models import assets
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import NEWS, USERS

COLUMNS = ["article_id", "publish_date", "article_source_link", "title", "subtitle", "text"]


def write_archive(path, *rows, columns=COLUMNS):
    text = io.StringIO(newline="")
    csv.writer(text).writerows([columns, *rows])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("NewsArticles.csv", text.getvalue())
    return path


def row(number, *, date="2017/2/7", link="http://tass.com/world/1", title="Title", subtitle="", text="Text."):
    return [str(number), date, link, title, subtitle, text]


def imported(tmp_path, *rows):
    newsroom = Newsroom(tmp_path / "newsroom")
    report = import_demo(newsroom, write_archive(tmp_path / "NewsArticles.zip", *rows))
    return report, read_table(newsroom.news, NEWS).to_pylist()


def test_an_article_is_cleaned_dated_and_given_its_outlet_and_section(tmp_path):
    link = "http://www.bbc.co.uk/news/world-africa-38893253"
    _, (news,) = imported(
        tmp_path,
        row(
            7, date="          2016/12/30 7:11", link=link, title='It isn"t', subtitle="A lead.", text="?3m\u00a0lost."
        ),
    )
    assert news.pop("content_hash")
    assert news == {
        "news_id": "D0007",
        "title": "It isn't",
        "abstract": "A lead.",
        "body": "£3m lost.",
        "category": "world",
        "subcategory": "africa",
        "language": "en",
        "source": "BBC",
        "url": link,
        "published_at": datetime(2016, 12, 30, tzinfo=UTC),
        "kept": [],
        "embargo_until": None,
        "expires_at": None,
    }


def test_an_article_without_title_takes_its_subtitle_or_first_sentence_and_is_counted(tmp_path):
    report, news = imported(
        tmp_path,
        row(1, title="", subtitle="The lead.", text="The text. More."),
        row(2, title="", text="The text. More."),
        row(3, text=""),
    )
    assert [article["title"] for article in news] == ["The lead.", "The text.", "Title"]
    assert news[2]["body"] == ""
    assert report.titles_made == 2
    assert report.taken["news"] == 3


def test_an_article_with_neither_title_nor_text_is_counted_and_skipped(tmp_path):
    report, news = imported(tmp_path, row(1), row(2, title=" ", text="- -"))
    assert [article["news_id"] for article in news] == ["D0001"]
    assert report.skipped.total() == 1


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (("Blast in plant", " No radiation", ""), ("Blast in plant; No radiation", "", "")),
        (
            ("He resigns", "The court agrees", " the party does not."),
            ("He resigns", "The court agrees; the party does not.", ""),
        ),
        (('It is "nothing"?,Why it is so"', "The text.", "-1"), ('It is "nothing"', "Why it is so", "The text.")),
        (('It is "odd"?,At first', ' then not"', "The text."), ('It is "odd"', "At first; then not", "The text.")),
        (
            ("He left", '"I am done."?,He left at noon', " she stayed."),
            ("He left", '"I am done."', "He left at noon; she stayed."),
        ),
        (
            ("Who won the vote? Ann Lee", "An account. By", "The text."),
            ("Who won the vote?", "An account.", "The text."),
        ),
    ],
)
def test_columns_that_were_cut_or_joined_are_mended(tmp_path, columns, expected):
    title, subtitle, text = columns
    _, (news,) = imported(tmp_path, row(1, title=title, subtitle=subtitle, text=text))
    assert (news["title"], news["abstract"], news["body"]) == expected


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("http://www.bbc.co.uk/news/uk-politics-38893253", ("politics", "uk")),
        ("http://www.bbc.co.uk/news/uk-england-london-38893253", ("uk", "england")),
        ("http://www.bbc.co.uk/news/world-us-canada-38893253", ("us", "")),
        ("http://www.bbc.co.uk/sport/rugby-union/38893253", ("sports", "rugby")),
        ("http://www.cnn.com/2017/02/07/middleeast/some-story/index.html", ("world", "middle-east")),
        ("http://abcnews.go.com/International/wireStory/irans-leader-45316889", ("world", "")),
        ("http://tass.com/economy/930080", ("business", "economy")),
        ("http://www.rte.ie/news/brexit/2017/0315/859837-border/", ("politics", "brexit")),
        ("http://www.dw.com/en/uk-s-kent-highlights-division/a-37449884", ("", "")),
        ("http://www.huffingtonpost.com/2017/02/16/a-story_n_14800258.html", ("", "")),
        ("", ("", "")),
    ],
)
def test_the_section_is_what_the_link_says_or_nothing(link, expected):
    assert section(link) == expected


def test_a_link_that_is_not_http_is_left_out(tmp_path):
    _, (news,) = imported(tmp_path, row(1, link="javascript:alert(1)"))
    assert news["url"] == ""


def test_the_newsroom_gets_the_readers_and_the_clock_of_an_archive(tmp_path):
    imported(tmp_path, row(1))
    newsroom = Newsroom(tmp_path / "newsroom")
    assert read_table(newsroom.users, USERS).num_rows == 6
    assert read_config(newsroom.config_file).clock == "latest"


def test_settings_that_are_there_are_kept(tmp_path):
    newsroom = Newsroom(tmp_path / "newsroom")
    newsroom.path.mkdir()
    newsroom.config_file.write_text("active_days = 3.0\n")
    imported(tmp_path, row(1))
    assert newsroom.config_file.read_text() == "active_days = 3.0\n"


def no_file(path):
    return path


def not_a_zip(path):
    path.write_text("hello")
    return path


def without_the_table(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other.csv", "")
    return path


def not_utf8(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("NewsArticles.csv", ",".join(COLUMNS).encode() + b"\n1,2017/2/7,,\xff,,\n")
    return path


def other_columns(path):
    return write_archive(path, ["1"], columns=["id"])


def an_id_that_is_no_number(path):
    return write_archive(path, row(1), row("x"))


@pytest.mark.parametrize(
    "make", [no_file, not_a_zip, without_the_table, not_utf8, other_columns, an_id_that_is_no_number]
)
def test_an_archive_that_is_not_the_one_expected_is_refused_and_nothing_is_written(tmp_path, make):
    newsroom, archive = Newsroom(tmp_path / "newsroom"), tmp_path / "some.zip"
    with pytest.raises(CorpusError, match=r"some\.zip.*broadsheet assets demo_news"):
        import_demo(newsroom, make(archive))
    assert not newsroom.news.exists()
    assert not newsroom.config_file.exists()


def test_four_readers_have_a_history_one_a_profile_only_and_one_nothing():
    users = read_users()
    histories = [user["history"] for user in users if user["history"]]
    assert len({user["user_id"] for user in users}) == len(users) == 6
    assert [len(set(history)) == len(history) and 6 <= len(history) <= 12 for history in histories] == [True] * 4
    assert [bool(user["profile"]) for user in users if not user["history"]] == [True, False]


@pytest.mark.assets
def test_the_real_archive_is_taken_whole_and_the_readers_know_only_older_articles(tmp_path):
    try:
        archive = assets.find("demo_news")
    except AssetError as error:
        pytest.skip(str(error))
    newsroom = Newsroom(tmp_path)
    report = import_demo(newsroom, archive)
    news = read_table(newsroom.news, NEWS)
    assert report.skipped == {"news: no title and no text": 1}  # of one article the archive has the link alone
    assert (news.num_rows, report.unknown_ids, report.titles_made) == (ARTICLES - 1, 0, 59)
    assert pc.sum(pc.equal(news["source"], "")).as_py() == 0
    published = dict(zip(news["news_id"].to_pylist(), news["published_at"].to_pylist(), strict=True))
    for user in read_users():
        times = [published[news_id] for news_id in user["history"]]
        assert times == sorted(times)
        assert all(time < max(published.values()) - timedelta(days=10) for time in times)
    damage = [
        text
        for column in ("title", "abstract", "body")
        for text in news[column].to_pylist()
        if re.search(r'"\?\w', text)
    ]
    assert damage == []
