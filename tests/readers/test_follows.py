import pytest

from broadsheet.newsroom import Newsroom
from broadsheet.readers.audience import NOTHING_SINCE, Audience
from broadsheet.readers.follows import NO_OPINIONS, Opinions, keep_opinions, open_follows, words_of
from broadsheet.readers.mutes import open_mutes
from tests.readers.test_audience import clicks_table
from tests.support.stage_contract import hours, users_table

SPORTS = Opinions({"category": ["sports"], "topic": ["chess"]}, {"source": ["Gazette"]}, {})


@pytest.fixture
def room(tmp_path):
    (tmp_path / "room").mkdir()
    return Newsroom(tmp_path / "room")


def test_what_readers_said_is_kept_and_said_again_changes_nothing(room):
    for _ in range(2):
        keep_opinions(room, {"maya": SPORTS})
    follows, mutes = open_follows(room.follows)(), open_mutes(room.mutes)()
    assert follows.of("maya") == ["sports", "chess"] and follows.of("eve") == [] and follows.all() == ["maya"]
    assert mutes.of("maya") == ([], ["Gazette"]) and "maya" in follows and "eve" not in follows


def test_the_last_word_takes_the_place_of_the_table(room):
    keep_opinions(room, {"maya": SPORTS})
    later = Opinions({"source": ["Gazette"]}, {"category": ["sports"]}, {"topic": ["chess"]})
    assert open_follows(room.follows)().of("maya", later) == ["Gazette"]
    keep_opinions(room, {"maya": later})
    assert open_follows(room.follows)().of("maya") == ["Gazette"]
    assert open_mutes(room.mutes)().of("maya") == (["sports"], [])
    keep_opinions(room, {"maya": Opinions({}, {}, {"source": ["Gazette"], "category": ["sports"]})})
    assert "maya" not in open_follows(room.follows)() and "maya" not in open_mutes(room.mutes)()


def test_a_name_that_a_reader_follows_is_read_beside_the_readers_words(room):
    keep_opinions(room, {"maya": SPORTS})
    users = users_table({"user_id": "maya", "history": [], "profile": "old films"})
    audience = Audience(users, clicks_table(), follows=open_follows(room.follows))
    assert audience.state(["maya"], hours(1))["profile"].to_pylist() == ["old films; sports; chess"]
    said = NOTHING_SINCE._replace(said={"maya": Opinions({"topic": ["tea"]}, {}, {"category": ["sports"]})})
    assert audience.state(["maya", "eve"], hours(1), said)["profile"].to_pylist() == ["old films; chess; tea", ""]
    assert words_of("", []) == "" and words_of(" tea ", ["chess"]) == "tea; chess"
    assert open_follows(room.follows)().of("maya", NO_OPINIONS) == ["sports", "chess"]


def test_who_only_follows_something_is_a_reader_for_whom_pages_are_made(room):
    keep_opinions(room, {"new": SPORTS})
    audience = Audience(users_table(), clicks_table(("maya", "A", 1)), follows=open_follows(room.follows))
    assert "new" in audience and "eve" not in audience
    assert audience.all() == ["maya", "new"] and audience.active(hours(2000), 1) == ["new"]
