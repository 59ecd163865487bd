"""`Pipeline.ask`: a request in, a page with an answer out."""

import json
import shutil

import pyarrow as pa
import pytest

from broadsheet.errors import InputError
from broadsheet.generate import Answer
from broadsheet.newsroom import Newsroom
from broadsheet.pages.look import Look
from broadsheet.pipeline import Pipeline
from broadsheet.tables.arrow_files import read_table, write_table
from broadsheet.tables.schemas import NEWS, STORIES
from tests.support.manifests import take_as_built
from tests.support.tiny import make_news


@pytest.fixture(scope="module")
def plain(built):
    return Pipeline.open(built.path)


def test_each_sentence_of_an_answer_is_in_the_story_that_it_cites(plain, built):
    page = plain.ask("space rocket planet study", 6)
    assert page.answer.found and page.answer.sentences
    bodies = {row["news_id"]: row["body"] for row in read_table(built.news, NEWS).to_pylist()}
    on_page = page.stories["news_id"].to_pylist()
    for one in page.answer.sentences:
        assert [on_page[rank - 1] for rank in one.ranks] == list(one.news_ids)
        assert all(one.text in bodies[news_id] for news_id in one.news_ids)


def test_a_request_that_nothing_matches_is_told_so_above_the_nearest_stories(copy):
    pipeline, request = Pipeline.open(copy.path), "space rocket planet study"
    assert pipeline.ask(request, 6).answer.found
    pipeline.withdraw([article["news_id"] for article in make_news() if article["category"] == "science"])
    page = pipeline.ask(request, 3)
    assert page.answer == Answer(False, ()) and len(page.stories) == 3
    assert page.note == page.answer.text and "Nothing in this newsroom matches your request." in page.to_html()


def test_a_readers_page_has_no_answer_and_only_a_request_waits_for_one(plain):
    assert plain.run("fan", 3).answer is None
    assert list(plain.ask("football", 3).timings) == ["user tower", "retrieve", "rerank", "answer", "generate"]


def test_a_request_waits_for_no_draft_and_is_told_in_texts_of_the_edition_else_in_the_publishers_words(
    written, tmp_path
):
    copy = Newsroom(shutil.copytree(written.path, tmp_path / "copy", symlinks=True))
    path = copy.current().stories
    stories = read_table(path, STORIES)
    known = set(stories["news_id"].to_pylist())
    marked = pa.array(["From the edition"] * len(stories))
    write_table(path, stories.set_column(STORIES.names.index("headline"), STORIES.field("headline"), marked), STORIES)
    take_as_built(copy.current())
    rows = Pipeline.open(copy.path).ask("space rocket", 12).stories.to_pylist()
    assert known & {row["news_id"] for row in rows} and {row["news_id"] for row in rows} - known
    for row in rows:
        here = row["news_id"] in known
        assert row["headline"] == ("From the edition" if here else row["title"])
        assert here or row["method"] == {"headline": "original", "summary": "original"}


@pytest.mark.parametrize("request_text", ["space rocket planet study", "xyz"])
def test_the_answer_comes_first_and_then_the_page_of_ask_with_it(plain, request_text):
    answer, page = plain.ask_stream(request_text, 4)
    whole = plain.ask(request_text, 4)
    assert isinstance(answer, Answer) and page.answer is answer and answer == whole.answer
    drawn = {"timings": {}, "page_id": "", "seed": 0}
    assert page.to_dict() | drawn == whole.to_dict() | drawn and page.page_id != whole.page_id
    assert list(page.timings) == list(whole.timings)


def test_the_answer_waits_for_no_story(written):
    bench = Pipeline.open(written.path).bench
    parts = Pipeline(bench, texts=None, digests=None, look=Look()).ask_stream("space rocket", 3)
    assert isinstance(next(parts), Answer)
    with pytest.raises(AttributeError):
        next(parts)


def test_a_request_that_is_refused_is_so_before_its_answer_is_asked_for(plain):
    with pytest.raises(InputError, match="ask: found an empty request"):
        plain.ask_stream(" ")
    with pytest.raises(InputError, match="k: found 0"):
        plain.ask_stream("space", 0)


def test_a_long_request_is_refused_and_not_cut(plain):
    assert len(plain.ask("space " * 160, 3).stories) == 3
    with pytest.raises(InputError, match="ask: found a request of 1,001 characters, expected 1,000 at most"):
        plain.ask("a" * 1001)


@pytest.mark.parametrize("text", [None, 7, b"space"])
def test_what_is_no_text_is_refused(plain, text):
    with pytest.raises(InputError, match=r"ask: found .*, expected a text"):
        plain.ask(text)


@pytest.mark.parametrize("text", ["\x1b\x07", "\ud800", "\u202e \x00"])
def test_a_request_of_control_characters_alone_is_empty(plain, text):
    with pytest.raises(InputError, match="ask: found an empty request"):
        plain.ask(text)


def test_control_characters_are_no_part_of_a_request(plain):
    page = plain.ask("space\x1b[31m\n \x07 rocket\x00\ud800", 3)
    assert page.request == "space[31m rocket"
    assert "\x1b" not in page.to_html() and "\x00" not in page.to_html()


@pytest.mark.parametrize(
    "text", ["量子色力学とは何ですか", "как вырастить помидоры", "أخبار الفضاء", "🙂", "?!", "<b>goal</b>"]
)
def test_a_request_in_any_script_gets_a_page(plain, text):
    page = plain.ask(text, 3)
    assert len(page.stories) == 3 and page.request == text and page.answer.text
    assert "<b>goal</b>" not in page.to_html()
    json.dumps(page.to_dict())
