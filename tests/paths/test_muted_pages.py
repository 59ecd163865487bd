"""What a reader muted is on no page: of a running pipeline, of a build, and of a stage run again later."""

import shutil

import pytest

from broadsheet.newsroom import Edition, Newsroom
from broadsheet.nightly.build import build
from broadsheet.nightly.stages import run_stage
from broadsheet.pipeline import Pipeline
from broadsheet.readers.mutes import mute, unmute
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CANDIDATES, RANKED
from tests.support.late_articles import everything, ids, row
from tests.support.stage_contract import lists_by_user


@pytest.fixture
def room(built, tmp_path):
    return Newsroom(shutil.copytree(built.path, tmp_path / "room", symlinks=True))


def categories(page):
    return set(page.stories["category"].to_pylist())


def test_a_running_pipeline_leaves_out_what_was_muted_from_its_next_request_on(room):
    opened = Pipeline.open(room.path)
    assert "sports" in categories(opened.run("fan"))
    mute(room, "fan", ["sports"], ["Paper 1"])
    page = opened.run("fan")
    assert len(page.stories) == 10 and "sports" not in categories(page)
    assert "Paper 1" not in page.stories["source"].to_pylist()
    assert "sports" in categories(opened.run_many(["voter"], 60)[0])
    unmute(room, "fan")
    assert "sports" in categories(opened.run("fan"))


@pytest.mark.parametrize("reader", ["fan", "asker", "nobody", "stranger"])
def test_a_page_holds_everything_but_what_was_muted_however_long_it_is(room, reader):
    opened = Pipeline.open(room.path)
    before = everything(opened, reader).stories.select(["news_id", "category"]).to_pylist()
    mute(room, reader, ["politics"])
    after = set(ids(everything(opened, reader)))
    assert after == {row["news_id"] for row in before if row["category"] != "politics"}


def test_a_late_article_of_a_muted_category_is_not_shown(room):
    opened = Pipeline.open(room.path)
    mute(room, "nobody", ["sports"])
    opened.add([row("X1"), row("X2", category="science")])
    found = set(ids(everything(opened)))
    assert "X2" in found and "X1" not in found


def test_a_reader_who_muted_everything_gets_an_empty_page(room):
    mute(room, "fan", ["sports", "politics", "science"])
    assert len(Pipeline.open(room.path).run("fan").stories) == 0


def test_a_build_and_its_stages_run_again_leave_out_what_was_muted(room, tmp_path):
    news = Pipeline.open(room.path).bench.data.catalogue.news
    category = dict(zip(*news.select(["news_id", "category"]), strict=True))
    category = {news_id.as_py(): name.as_py() for news_id, name in category.items()}

    def shown(table, schema):
        lists = lists_by_user(read_table(table, schema))
        return {user: {category[row["news_id"]] for row in rows} for user, rows in lists.items()}

    mute(room, "fan", ["sports"])
    assert "sports" in shown(room.current().candidates, CANDIDATES)["fan"]  # last night's
    run_stage(room, "rerank", tmp_path / "again")
    again = shown(Edition(tmp_path / "again").ranked, RANKED)
    assert again["fan"] and "sports" not in again["fan"] and "sports" in again["voter"] | again["nobody"]
    edition = build(room, "all")
    for table, schema in ((edition.candidates, CANDIDATES), (edition.ranked, RANKED)):
        assert "sports" not in shown(table, schema)["fan"] and shown(table, schema)["fan"]


def test_the_commands_set_and_print_what_is_muted(room, command):
    code, out, _ = command("mute", room.path, "fan", "--category", "sports", "--source", "Paper 9")
    assert (code, out) == (
        0,
        "fan: categories sports; sources Paper 9\nmuted, though no article here has it: Paper 9\n",
    )
    assert command("mute", room.path, "fan")[1] == "fan: categories sports; sources Paper 9\n"
    assert command("unmute", room.path, "fan", "--source", "Paper 9")[1] == "fan: categories sports; sources none\n"
    assert command("unmute", room.path, "fan")[1] == "fan: categories none; sources none\n"
    code, _, err = command("mute", room.path, "fan", "--category", "")
    assert code == 2 and "found an empty name" in err
