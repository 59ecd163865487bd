"""Filters of a newsroom and of a request, from an import to a page."""

import shutil

import pytest

from broadsheet.errors import ConfigError, InputError
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.pipeline import Pipeline
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CANDIDATES, RANKED
from tests.support.late_articles import ids, row
from tests.support.tiny import make_news, make_newsroom

READERS = ("fan", "voter", "asker", "nobody", "never seen")
PAID = {f"N{number}" for number in range(0, 60, 2)}
VIDEO = {"N2", "N31"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory, encoder):
    """An edition whose articles have two kept columns: paywall, of every other article, and format."""
    room = make_newsroom(tmp_path_factory.mktemp("kept") / "newsroom", encoder)
    with Import(room, keep=["paywall", "format"]) as add:
        add.news(
            {**one, "paywall": one["news_id"] in PAID, "format": "video" if one["news_id"] in VIDEO else None}
            for one in make_news()
        )
    build(room, "all")
    return room


@pytest.fixture(scope="module")
def pipeline(kept):
    return Pipeline.open(kept.path)


@pytest.mark.parametrize("reader", READERS)
def test_a_request_leaves_out_or_shows_only_what_it_names_and_the_page_stays_whole(pipeline, reader):
    free = pipeline.run(reader, 10, {"exclude": {"paywall": "true"}})
    assert len(ids(free)) == 10 and not PAID & set(ids(free))
    paid = pipeline.run(reader, 10, {"only": {"paywall": True}})
    assert len(ids(paid)) == 10 and set(ids(paid)) <= PAID
    narrow = pipeline.run(
        reader, 5, {"only": {"category": "science", "paywall": "false"}, "exclude": {"source": "Paper 1"}}
    )
    assert {(one["category"], one["source"]) for one in narrow.stories.to_pylist()} == {("science", "Paper 3")}
    assert set(ids(pipeline.run(reader, 10))) & PAID, "without filters both kinds are there"


@pytest.mark.parametrize("reader", READERS)
def test_a_pin_comes_first_and_quotas_hold_on_pages_of_every_length(pipeline, reader):
    assert ids(pipeline.run(reader, 4, {"pins": {"news_id": "N11"}}))[0] == "N11"
    for k in (2, 5):
        page = pipeline.run(reader, k, {"quotas": {"format": {"video": {"least": 2}}}})
        assert VIDEO <= set(ids(page)) and len(ids(page)) == k
    few = pipeline.run(reader, 8, {"quotas": {"paywall": {"true": {"most": 1}}}})
    assert len(PAID & set(ids(few))) <= 1 and len(ids(few)) == 8


def test_a_boost_lifts_and_a_negative_boost_lowers(pipeline):
    place = {news_id: rank for rank, news_id in enumerate(ids(pipeline.run("fan", 12)))}
    last = max(place, key=place.get)
    assert ids(pipeline.run("fan", 12, {"boosts": {"news_id": {last: 5}}}))[0] == last
    first = min(place, key=place.get)
    assert first not in ids(pipeline.run("fan", 5, {"boosts": {"news_id": {first: -5}}}))


def test_an_excluded_article_is_not_pinned_and_a_read_one_is_not_shown(pipeline):
    page = pipeline.run("fan", 5, {"pins": {"news_id": ["N0", "N11"]}, "exclude": {"news_id": "N11"}})
    assert not {"N0", "N11"} & set(ids(page))


def test_a_request_in_words_has_filters_too(pipeline):
    assert set(ids(pipeline.ask("space rocket", 5, {"only": {"paywall": "true"}}))) <= PAID
    with pytest.raises(InputError, match=r"filters\.only: no article here has a column 'wall'"):
        pipeline.ask_stream("space rocket", 5, {"only": {"wall": "true"}})
    with pytest.raises(InputError, match="no such setting, did you mean only"):
        pipeline.run("fan", 5, {"onli": {}})


def test_a_newsrooms_filters_hold_at_night_and_by_day_beside_those_of_a_request(kept, tmp_path):
    room = Newsroom(shutil.copytree(kept.path, tmp_path / "room", symlinks=True))
    settings = room.config_file.read_text("utf-8")
    room.config_file.write_text(
        settings + '[filters]\nexclude = { paywall = "true" }\npins = { news_id = "N31" }\n', "utf-8"
    )
    edition = build(room, "all")
    for path, schema in ((edition.candidates, CANDIDATES), (edition.ranked, RANKED)):
        assert not PAID & set(read_table(path, schema)["news_id"].to_pylist())
    firsts = [one["news_id"] for one in read_table(edition.ranked, RANKED).to_pylist() if one["rank"] == 1]
    assert firsts == ["N31"] * 4
    opened = Pipeline.open(room.path)
    page = opened.run("nobody", 5, {"exclude": {"category": "sports"}})
    assert ids(page)[0] == "N31" and len(ids(page)) == 5
    assert not PAID & set(ids(page)) and "sports" not in page.stories["category"].to_pylist()
    opened.add([row("X1", paywall=True), row("X2", paywall=False)])
    late = ids(opened.run("nobody", len(opened.bench.data.catalogue.row_of)))
    assert "X2" in late and "X1" not in late
    room.config_file.write_text(settings + '[filters]\nexclude = { pay = "true" }\n', "utf-8")
    with pytest.raises(ConfigError, match=r"broadsheet\.toml: filters\.exclude: no article here has a column 'pay'"):
        Pipeline.open(room.path).run("nobody", 5)
