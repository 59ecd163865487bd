"""Forgetting a reader: the table of keyed hashes, its key, and which models had read the reader's clicks."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from broadsheet.errors import ContractError, InputError, NewsroomError
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.readers.forget import forget, models_that_read
from broadsheet.readers.forgotten import GONE, HIDDEN, ForgottenReaders, forgotten_file
from broadsheet.readers.mutes import mute, open_mutes
from broadsheet.readers.profiles import open_profiles, set_profile
from tests.support.tiny import START, make_impressions

NOW = datetime.now(UTC)


def test_a_forgotten_reader_has_nothing_of_their_own_and_others_keep_theirs(newsroom):
    for user_id in ("fan", "voter"):
        mute(newsroom, user_id, ["sports"])
        set_profile(newsroom, user_id, "space")
    found = forget(newsroom, " fan ")
    assert "fan" not in open_mutes(newsroom.mutes)() and "voter" in open_mutes(newsroom.mutes)()
    assert open_profiles(newsroom.profiles)().all() == ["voter"]
    forgotten = ForgottenReaders(newsroom)()
    assert forgotten.until("fan") == found.time and forgotten.until("voter") is None and len(forgotten) == 1
    assert forgotten.covers("fan", found.time) and not forgotten.covers("fan", found.time + timedelta(microseconds=1))
    assert not forgotten.covers("", found.time) and forgotten.among(["voter", "fan", ""]) == {"fan": found.time}


def test_the_table_and_its_key_hold_no_byte_of_the_id_and_the_key_is_for_this_user_alone(newsroom):
    forget(newsroom, "a-reader-with-a-name")
    folder = forgotten_file(newsroom).parent
    assert not any(b"a-reader-with-a-name" in path.read_bytes() for path in folder.iterdir())
    assert folder.joinpath("forgotten.key").stat().st_mode & 0o777 == 0o600


def test_another_newsroom_has_another_key_and_so_another_hash(newsroom, tmp_path, encoder):
    from tests.support.tiny import make_newsroom

    other = make_newsroom(tmp_path / "other", encoder)
    for room in (newsroom, other):
        forget(room, "fan")
    keys = [ForgottenReaders(room)().pending() for room in (newsroom, other)]
    assert keys[0] != keys[1] and all(len(key) == 64 for (key,) in keys)


def test_to_forget_again_moves_the_time_and_the_reader_waits_for_a_build_again(newsroom):
    first = forget(newsroom, "fan")
    table = ForgottenReaders(newsroom)
    table.advance(table().pending(), GONE)
    assert table().pending() == []
    second = forget(newsroom, "fan")
    assert second.time > first.time and len(table()) == 1 and len(table().pending()) == 1
    table.advance(table().pending(), GONE, before=second.time)  # a build that began before
    assert len(table().pending()) == 1 and table().begun() == []
    assert [row["state"] for row in table()._rows.values()] == [HIDDEN]


@pytest.mark.parametrize("name", ["forgotten.arrow", "forgotten.key"])
def test_a_lost_table_or_key_is_an_error_and_not_a_reader_who_comes_back(newsroom, name):
    forget(newsroom, "fan")
    forgotten_file(newsroom).with_name(name).unlink()
    for call in (ForgottenReaders(newsroom), lambda: forget(newsroom, "voter")):
        with pytest.raises(ContractError, match=f"{name}.*Restore it"):
            call()


def test_a_key_of_another_newsroom_is_an_error(newsroom):
    forget(newsroom, "fan")
    forgotten_file(newsroom).with_suffix(".key").write_text("00" * 32, "ascii")
    with pytest.raises(ContractError, match="from one copy"):
        ForgottenReaders(newsroom)()


def test_a_wrong_id_and_a_folder_without_a_newsroom_are_refused(newsroom, tmp_path):
    with pytest.raises(InputError, match="user: found ''"):
        forget(newsroom, "")
    with pytest.raises(NewsroomError, match="no newsroom here"):
        forget(Newsroom(tmp_path / "none"), "fan")
    assert not forgotten_file(newsroom).exists()


def card(room, name, **fields):
    folder = room.path / "models" / name
    folder.mkdir(parents=True)
    text = json.dumps({"trained_at": NOW.isoformat(timespec="seconds"), **fields})
    folder.joinpath("card.json").write_text(text, "utf-8")


def test_the_models_that_read_clicks_of_a_reader_are_named(newsroom):
    with Import(newsroom) as add:
        add.clicks([{"user_id": "U0", "news_id": "N1", "time": START + timedelta(hours=50)}])
        add.impressions("train", make_impressions(2))  # at 40 hours: U0 and U1
    early, late = ((START + timedelta(hours=hours)).isoformat() for hours in (30, 45))
    card(newsroom, "towers", train={"split": "click log"})
    card(newsroom, "attention", train={"split": "train"}, learned_until=late)
    card(newsroom, "fusion", train={"split": "train"}, learned_until=early)
    card(newsroom, "reranker", train={"split": "valid"})
    card(newsroom, "learned-2026/towers", train={"split": "valid"}, learned_until=late, learned_on={"times": 1})
    (newsroom.path / "models" / "learned").symlink_to("learned-2026")
    card(newsroom, "broken", train={})
    newsroom.path.joinpath("models", "broken", "card.json").write_text("{", "utf-8")
    names = {user: [one["name"] for one in models_that_read(newsroom, user)] for user in ("U0", "U1", "fan")}
    assert names == {
        "U0": ["attention", "learned-2026/towers", "towers"],
        "U1": ["attention", "learned-2026/towers"],
        "fan": [],
    }
    forgetting = forget(newsroom, "U0")
    assert [one["name"] for one in forgetting.models] == names["U0"] and "towers (trained 20" in forgetting.line()
    assert ForgottenReaders(newsroom)().models() == forgetting.models
