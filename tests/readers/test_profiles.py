"""What readers say of their interests: the table, the calls that change it, and who then counts as known."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import ContractError, InputError, NewsroomError
from broadsheet.generate.extracts.topics import Topic
from broadsheet.newsroom import Newsroom
from broadsheet.readers.audience import Audience
from broadsheet.readers.profiles import (
    CHARACTERS,
    NO_PROFILES,
    NOTHING,
    Following,
    Profiles,
    clear_profile,
    open_profiles,
    set_profile,
)
from broadsheet.tables.arrow_files import empty, from_rows, read_table
from broadsheet.tables.live_schemas import PROFILES
from broadsheet.tables.schemas import CLICKS
from broadsheet.workbench.interests import interests_of
from tests.support.stage_contract import NOON, users_table
from tests.support.tiny import make_newsroom


@pytest.fixture
def newsroom(tmp_path):
    """A newsroom of 60 articles and four readers, in which no model is needed."""
    return make_newsroom(tmp_path / "newsroom", tmp_path / "no-encoder")


def words_of(newsroom, user_id):
    return open_profiles(newsroom.profiles)().of(user_id)


def test_a_readers_own_words_are_kept_replaced_and_removed(newsroom):
    assert set_profile(newsroom, "fan", "  space\n and\tchess ") == "space and chess"
    set_profile(newsroom, "new", "gardens")
    set_profile(newsroom, "fan", "chess")
    rows = read_table(newsroom.profiles, PROFILES).to_pylist()
    assert [(row["user_id"], row["profile"]) for row in rows] == [("new", "gardens"), ("fan", "chess")]
    assert all(abs((datetime.now(UTC) - row["time"]).total_seconds()) < 60 for row in rows)
    clear_profile(newsroom, "fan")
    clear_profile(newsroom, "nobody")
    assert (words_of(newsroom, "fan"), words_of(newsroom, "new")) == ("", "gardens")


def test_to_say_the_same_again_and_to_remove_nothing_writes_nothing(newsroom):
    clear_profile(newsroom, "fan")
    assert not newsroom.profiles.exists()
    set_profile(newsroom, "fan", "chess")
    before = newsroom.profiles.stat().st_ino
    set_profile(newsroom, "fan", " chess ")
    clear_profile(newsroom, "voter")
    assert newsroom.profiles.stat().st_ino == before


def test_calls_at_once_lose_nothing_also_while_a_build_holds_the_newsroom(newsroom):
    with newsroom.lock(), ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: set_profile(newsroom, f"u{number}", f"topic {number}"), range(24)))
    profiles = open_profiles(newsroom.profiles)()
    assert {user: profiles.of(user) for user in profiles.all()} == {f"u{n}": f"topic {n}" for n in range(24)}
    assert [path.name for path in newsroom.profiles.parent.glob("*.part")] == []


@pytest.mark.parametrize(
    ("user", "text", "problem"),
    [
        ("", "chess", "user: "),
        ("a\nb", "chess", "user: "),
        ("fan", "", "found 0 characters, expected 1 to 500"),
        ("fan", " \n ", "found 0 characters"),
        ("fan", "x" * 1001, "found 1,001 characters, expected 1 to 500"),
        ("fan", "red \x1b[31malert", "found a control character"),
        ("fan", "turned \u202e about", "found a control character"),
        ("fan", "half \ud800", "found a control character"),
    ],
)
def test_what_cannot_be_an_id_or_a_profile_is_refused(newsroom, user, text, problem):
    set_profile(newsroom, "fan", "x" * CHARACTERS)
    with pytest.raises(InputError, match="Nothing was changed") as found:
        set_profile(newsroom, user, text)
    assert problem in str(found.value) and "\n" not in str(found.value)
    assert words_of(newsroom, "fan") == "x" * CHARACTERS


def test_where_no_newsroom_is_nothing_is_made(tmp_path):
    for call in (lambda room: set_profile(room, "fan", "chess"), lambda room: interests_of(room, "fan")):
        with pytest.raises(NewsroomError, match="no newsroom here"):
            call(Newsroom(tmp_path / "elsewhere"))
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_that_changes_is_read_again_and_one_that_stays_is_not(newsroom):
    profiles = open_profiles(newsroom.profiles)
    assert profiles().all() == []
    set_profile(newsroom, "fan", "chess")
    assert profiles().of("fan") == "chess"
    set_profile(newsroom, "fan", "space")  # at once: within one tick of the clock, and of the same length
    assert profiles().of("fan") == "space"
    os.utime(newsroom.profiles, (1, 1))
    assert profiles() is profiles()
    newsroom.profiles.unlink()
    with pytest.raises(ContractError, match=r"profiles\.arrow: missing, though readers' choices were written to it"):
        profiles()


def test_a_damaged_file_is_named(newsroom):
    set_profile(newsroom, "fan", "chess")
    damaged = newsroom.profiles.read_bytes()[:100]
    newsroom.profiles.write_bytes(damaged)
    for call in (open_profiles(newsroom.profiles), lambda: set_profile(newsroom, "voter", "space")):
        with pytest.raises(ContractError, match=r"profiles\.arrow: not a whole Arrow IPC file"):
            call()
    assert newsroom.profiles.read_bytes() == damaged


def profiles_of(**words):
    return Profiles(from_rows([{"user_id": u, "profile": text, "time": NOON} for u, text in words.items()], PROFILES))


def test_a_readers_own_words_take_the_place_of_the_users_table_and_make_a_reader_known_and_active():
    users = users_table({"user_id": "a", "profile": "golf", "history": ["N1"]}, {"user_id": "b", "profile": "opera"})
    own = [NO_PROFILES]
    audience = Audience(users, empty(CLICKS), lambda: own[0])
    assert "new" not in audience and audience.all() == ["a", "b"]
    own[0] = profiles_of(a="chess", new="gardens")
    states = audience.state(["a", "b", "new"], NOON).to_pylist()
    assert [state["profile"] for state in states] == ["chess", "opera", "gardens"]
    assert [state["history"] for state in states] == [["N1"], [], []]
    assert "new" in audience and audience.all() == audience.active(NOON, 1) == ["a", "b", "new"]


def test_the_interests_of_a_reader_say_whose_words_are_in_force(newsroom):
    found = interests_of(newsroom, "fan")
    assert found.topics == [Topic("sports", "category", 3), Topic("sports 0", "subcategory", 2)]
    assert (found.read, found.following) == (3, Following("sports, sports 0", "history"))
    assert interests_of(newsroom, "voter").read == 3  # of four: one is of no article that is here
    assert interests_of(newsroom, "asker").following == Following("space rocket", "publisher")
    for user_id in ("nobody", "stranger"):
        assert (interests_of(newsroom, user_id).topics, interests_of(newsroom, user_id).following) == ([], NOTHING)
    set_profile(newsroom, "fan", "chess")
    set_profile(newsroom, "asker", "opera")
    assert interests_of(newsroom, "fan").following == Following("chess", "reader")
    assert interests_of(newsroom, "fan").topics == found.topics
    assert interests_of(newsroom, "asker").following == Following("opera", "reader")


def test_the_command_prints_keeps_and_removes(newsroom, command):
    code, out, _ = command("profile", newsroom.path, "fan")
    assert (code, out.splitlines()) == (
        0,
        [
            "fan: sports (3), sports 0 (2), of 3 articles read",
            "in force: sports, sports 0 (from the reading history; it is shown on the page and does not change it)",
        ],
    )
    own = command("profile", newsroom.path, "fan", "--set", "space and chess")[1].splitlines()
    assert own == [out.splitlines()[0], "in force: space and chess (the reader's own words)"]
    assert command("profile", newsroom.path, "fan", "--clear")[1] == out
    asker = command("profile", newsroom.path, "asker")[1].splitlines()
    assert asker == [
        "asker: nothing in common, of 0 articles read",
        "in force: space rocket (from the publisher's users table)",
    ]
    assert command("profile", newsroom.path, "nobody")[1].splitlines()[1] == "in force: none"
    code, _, err = command("profile", newsroom.path, "fan", "--set", "a", "--clear")
    assert code == 2 and err.count("\n") == 1 and "expected one of them" in err
    code, _, err = command("profile", newsroom.path, "fan", "--set", "")
    assert code == 2 and err.count("\n") == 1 and "found 0 characters" in err


@given(st.text(max_size=60))
def test_words_in_a_sentence_end_once(text):
    sentence = Following(text, "reader").sentence("You follow: {interests}")
    assert sentence == "" if not text else sentence.startswith(f"You follow: {text}") and sentence[-1] in ".!?…"
