"""Articles in the slots that an editor gave them, on pages of every kind of reader."""

import shutil

import pytest

from broadsheet.errors import InputError
from broadsheet.newsroom import Newsroom
from broadsheet.pipeline import Pipeline
from tests.support.late_articles import ids

READERS = ("fan", "voter", "asker", "nobody", "never seen")


@pytest.fixture(scope="module")
def pipeline(built):
    return Pipeline.open(built.path)


def unread(pipeline, category):
    """An article of a category that no reader has read, and that no reader's page begins with."""
    tops = {news_id for reader in READERS for news_id in ids(pipeline.run(reader, 8))}
    for row in pipeline.bench.data.catalogue.news.select(["news_id", "category"]).to_pylist()[::-1]:
        if row["category"] == category and row["news_id"] not in tops:
            return row["news_id"]
    raise AssertionError(category)


@pytest.mark.parametrize("reader", READERS)
def test_an_article_stands_in_its_slot_and_nowhere_else(pipeline, reader):
    one = unread(pipeline, "sports")
    for slot in (1, 3, 5):
        page = ids(pipeline.run(reader, 5, {"slots": {one: {"slot": slot}}}))
        assert page.index(one) == slot - 1 and len(page) == 5
    assert one not in ids(pipeline.run(reader, 4, {"slots": {one: {"slot": 5}}})), "the page ends above its slot"


def test_a_slot_comes_before_pins_and_the_last_of_two_articles_for_a_slot_gets_it(pipeline):
    one, other = unread(pipeline, "sports"), unread(pipeline, "science")
    slots = {one: {"slot": 2}, other: {"slot": 2}}
    page = ids(pipeline.run("nobody", 5, {"slots": slots, "pins": {"category": "sports"}}))
    assert page[1:3] == [other, one]


def test_a_slot_of_a_category_is_for_its_readers_alone(pipeline):
    one = unread(pipeline, "science")
    wanted = {"slots": {one: {"slot": 1, "categories": ["Sports"]}}}
    catalogue = pipeline.bench.data.catalogue
    for state in pipeline.readers(READERS):
        read = [catalogue.news["category"][row].as_py() for row in state.history]
        is_reader = "sports" in state.profile.lower() or (bool(read) and read.count("sports") >= len(read) / 5)
        assert (ids(pipeline.run(state.user_id, 6, wanted))[0] == one) == is_reader, state.user_id
        if not is_reader:
            assert ids(pipeline.run(state.user_id, 6, wanted)) == ids(pipeline.run(state.user_id, 6))


def test_a_reader_who_read_the_article_gets_the_next_one_of_the_slot(pipeline):
    (fan,) = pipeline.readers(["fan"])
    read = pipeline.bench.data.catalogue.ids([fan.history[-1]])[0].as_py()
    other = unread(pipeline, "science")
    slots = {other: {"slot": 1}, read: {"slot": 1}}
    page = ids(pipeline.run("fan", 5, {"slots": slots}))
    assert page[0] == other and read not in page


def test_a_slot_is_a_whole_number_from_1_to_1000_and_an_unknown_article_has_no_place(pipeline):
    for slot in (0, 1001, "1"):
        with pytest.raises(InputError, match="slot"):
            pipeline.run("fan", 5, {"slots": {"N1": {"slot": slot}}})
    assert ids(pipeline.run("fan", 5, {"slots": {"unknown": {"slot": 1}}})) == ids(pipeline.run("fan", 5))


def test_no_page_explores_in_a_slot_that_an_editor_set(built, tmp_path, pipeline):
    room = Newsroom(shutil.copytree(built.path, tmp_path / "room", symlinks=True))
    policy = '[exploration]\npolicy = "epsilon-greedy"\nepsilon = 1.0\nslots = 4\nreader_slots = 1000\n'
    room.config_file.write_text(f"{room.config_file.read_text('utf-8')}\n{policy}", "utf-8")
    exploring, one = Pipeline.open(room.path), unread(pipeline, "sports")
    pages = [exploring.run("fan", 4, {"slots": {one: {"slot": 2}}}) for _ in range(20)]
    assert {ids(page)[1] for page in pages} == {one} and len({tuple(ids(page)) for page in pages}) > 2
    assert {page.stories["propensity"][1].as_py() for page in pages} == {1.0}
