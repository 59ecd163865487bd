"""What a reader follows is on the page, and what a reader says is in force in pipelines and builds."""

import json
import shutil

import numpy as np
import pytest

from broadsheet.errors import ContractError
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.pipeline import Pipeline
from broadsheet.readers.profiles import Following, clear_profile, set_profile
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CANDIDATES, USERS, user_vectors
from tests.pages.test_page import HOSTILE, Elements, on_terminal, page, story
from tests.support.stage_contract import lists_by_user


@pytest.fixture
def room(built, tmp_path):
    return Newsroom(shutil.copytree(built.path, tmp_path / "room", symlinks=True))


def test_a_page_says_what_its_reader_follows_everywhere():
    made = page(story(), follows=Following("science, space, NASA", "history"))
    for text in (Elements(made.to_html()).text, str(made), on_terminal(made)):
        assert text.count("You follow: science, space, NASA.") == 1
        assert text.index("You follow") < text.index("A postcard from Mars")
    assert made.to_dict()["follows"] == {"text": "science, space, NASA", "whose": "history"}
    without = page(story())
    assert all("You follow: " not in text for text in (without.to_html(), str(without), on_terminal(without)))
    assert json.loads(json.dumps(without.to_dict()))["follows"] == {"text": "", "whose": ""}


@pytest.mark.parametrize("text", [*HOSTILE, "word " * 100, "w" * 500])
def test_hostile_and_long_words_are_shown_as_text(text):
    made = page(story(), follows=Following(text, "reader"))
    elements = Elements(made.to_html())
    assert [tag for tag, _ in elements.tags] == [
        tag for tag, _ in Elements(page(story(), follows=Following("x", "reader")).to_html()).tags
    ]
    assert f"You follow: {text}" in elements.text
    assert all(len(line) <= 80 or len(line.split()) <= 1 for line in str(made).splitlines()[:-1])
    assert "\x1b[31m" not in on_terminal(page(story(), follows=Following("\x1b[31mred", "reader")))


def test_only_pages_of_readers_of_whom_something_is_known_say_it(built):
    opened = Pipeline.open(built.path)
    pages = opened.run_many(["fan", "voter", "asker", "nobody", "stranger"], 3)
    assert [made.follows for made in pages] == [
        Following("sports, sports 0", "history"),
        Following("politics, politics 1", "history"),
        Following("space rocket", "publisher"),
        Following("", ""),
        Following("", ""),
    ]
    assert opened.ask("space rocket", 3).follows == Following("", "")


def test_what_a_reader_says_is_in_force_at_the_next_request_of_an_open_pipeline(room):
    opened = Pipeline.open(room.path)
    before = opened.run("fan")
    set_profile(room, "fan", "senate election court")
    after = opened.run("fan")
    assert (after.kind, after.follows) == ("known", Following("senate election court", "reader"))
    assert not after.stories.equals(before.stories)
    clear_profile(room, "fan")
    assert opened.run("fan").stories.equals(before.stories)


@pytest.mark.parametrize("reader", ["nobody", "stranger"])
def test_a_reader_without_a_history_gets_a_full_page_from_own_words_alone(room, reader):
    opened = Pipeline.open(room.path)
    set_profile(room, reader, "senate election court")
    made = opened.run(reader)
    assert (made.kind, len(made.stories)) == ("profile", 10)
    assert made.stories["category"].to_pylist()[:3] == ["politics"] * 3
    assert made.follows == Following("senate election court", "reader")


def test_own_words_count_before_those_of_the_users_table(room):
    opened = Pipeline.open(room.path)
    assert opened.run("asker").stories["category"].to_pylist()[:3] == ["science"] * 3
    set_profile(room, "asker", "senate election court")
    assert opened.run("asker").stories["category"].to_pylist()[:3] == ["politics"] * 3


def test_own_words_are_one_more_item_for_the_user_tower_of_a_build(room):
    set_profile(room, "stranger", "senate election court")
    set_profile(room, "fan", "senate election court")
    before, edition = room.current(), build(room, "all")
    dim = 32
    users = read_table(edition.users, USERS).to_pylist()
    assert {row["user_id"]: row["profile"] for row in users} == {
        **{"fan": "senate election court", "voter": "", "asker": "space rocket", "nobody": ""},
        "stranger": "senate election court",
    }
    vectors = [
        dict(zip(table["user_id"].to_pylist(), table["vector"].to_pylist(), strict=True))
        for table in (read_table(one.user_vectors, user_vectors(dim)) for one in (before, edition))
    ]
    moved = {user: not np.allclose(vectors[0][user], vectors[1][user], atol=1e-4) for user in vectors[0]}
    assert moved == {"fan": True, "voter": False, "asker": False, "nobody": False}
    found = lists_by_user(read_table(edition.candidates, CANDIDATES))["stranger"]
    catalogue = Pipeline.open(room.path).bench.data.catalogue
    assert list(catalogue.category[catalogue.rows([row["news_id"] for row in found[:3]])]) == ["politics"] * 3


def test_a_damaged_file_stops_a_request_with_its_name(room):
    opened = Pipeline.open(room.path)
    set_profile(room, "fan", "chess")
    room.profiles.write_bytes(room.profiles.read_bytes()[:100])
    with pytest.raises(ContractError, match=r"profiles\.arrow: not a whole Arrow IPC file"):
        opened.run("voter")
