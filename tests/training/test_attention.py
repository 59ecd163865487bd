"""Training the attentive scorer: it learns, it is put in place, and it is left out where it does not fit."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from broadsheet.errors import InputError, ModelError
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.offline.workbenches import open_bench
from broadsheet.rerank.attentive_scorer.inputs import COUNTS, InputMaker, Request
from broadsheet.rerank.attentive_scorer.trained import WEIGHTS, choose_attention, load_attention, shipped_attention
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import USERS
from broadsheet.training.attention import train_attention
from broadsheet.workbench.models import EditionModels
from tests.support.evaluated import make_towers
from tests.support.tiny import make_impressions, make_newsroom


def events(impressions):
    """The reads that lists led to, 10 s to 57 s long, and a hide."""
    for seconds, one in enumerate(impressions, 10):
        read = {"news_id": one["shown"][0], "time": one["time"], "dwell_seconds": seconds}
        yield {"user_id": one["user_id"], "event": "click", **read}
    yield {"user_id": "U0", "news_id": impressions[0]["shown"][1], "time": impressions[0]["time"], "event": "hide"}


@pytest.fixture(scope="module")
def trained(encoder, tmp_path_factory):
    """A newsroom with a trained attentive scorer, and what training said."""
    extra = "\n[attention]\nepochs = 3\nbatch_size = 8\n"
    room = make_newsroom(tmp_path_factory.mktemp("trained") / "newsroom", encoder, extra=extra)
    with Import(room) as add:
        add.impressions("train", make_impressions(48))
        add.impressions("valid", make_impressions(60)[48:])
        add.clicks(events(make_impressions(48)))
    return room, train_attention(room, train="train", valid="valid")


def test_training_learns_and_the_card_says_from_what(trained):
    room, said = trained
    card = json.loads((room.attention / "card.json").read_text("utf-8"))
    by_epoch = [*card["valid_ndcg@10_by_epoch"].values()]
    assert max(by_epoch[1:]) >= by_epoch[0]
    assert card["valid"]["ndcg@10"] == pytest.approx(max(by_epoch[1:]), abs=1e-3)
    assert card["train"] == {"split": "train", "impressions": 48, "clicks": 48}
    assert card["outcomes"] == ["long_read", "hide"] and card["long_read_seconds"] == 33.5
    assert card["known_reads"] == {"age_seconds": 0, "dwell_seconds": 0, "scroll": 0} and card["reads"] == []
    assert "trained on 48 impressions of train" in said
    assert (room.attention / WEIGHTS).stat().st_size < 1_000_000


def test_the_same_seed_makes_the_same_weights_and_the_training_says_what_it_reads(trained, tmp_path):
    (room, _), said = trained, []
    train_attention(room, train="train", valid="valid", out=tmp_path / "again", say=said.append)
    read = [line.partition(" (")[0] for line in said if "read" in line]
    assert read == [f"{name} impressions read, with counts as of each" for name in ("train: 48", "valid: 12")]
    assert (tmp_path / "again" / WEIGHTS).read_bytes() == (room.attention / WEIGHTS).read_bytes()


def test_a_reader_with_a_history_has_the_signal_and_who_only_says_what_to_read_about_has_not(trained):
    room, _ = trained
    bench = open_bench(room)
    assert bench.models.attention.fingerprint
    users = read_table(room.users, USERS)
    readers = bench.readers(users)
    ranked = bench.reranker(readers, bench.retriever(readers, bench.retriever.vectors(readers), bench.data.as_of))
    kinds = {reader.user_id: reader.kind for reader in readers}
    assert set(kinds.values()) >= {"known", "profile"}
    for row in ranked.select(["user_id", "attention"]).to_pylist():
        assert (row["attention"] is None) == (kinds[row["user_id"]] == "profile")


def test_a_scorer_that_learned_from_other_vectors_is_left_out_with_a_warning(trained, encoder, caplog):
    room, _ = trained
    assert choose_attention(room.attention, str(encoder), "") == room.attention.resolve()
    assert choose_attention(room.attention, str(encoder), "adapter of other towers") is None
    assert f"{room.attention} learned from other article vectors. Train it again: `broadsheet train att" in caplog.text
    assert choose_attention(room.path / "none", str(encoder), "") is None
    assert "the package's scorer learned from other article vectors. Train your own: `broadsheet train" in caplog.text


def test_towers_that_leave_article_vectors_as_they_are_leave_the_scorer_in_place(trained, encoder, tmp_path):
    from broadsheet.rerank.attentive_scorer.trained import vectors_name

    assert vectors_name(make_towers(tmp_path / "towers", encoder)) == ""


def test_the_weight_of_a_long_read_changes_the_signal(trained):
    room, _ = trained
    assert load_attention(room.attention).outcomes == ("long_read", "hide")
    rows = {}
    for weight in (0.0, 3.0):
        config = room.config()
        signal = replace(config.rerank.attention, long_read=weight)
        models = EditionModels(room, replace(config, rerank=replace(config.rerank, attention=signal)))
        make = InputMaker(open_bench(room).data.catalogue)
        counts = np.full((2, len(COUNTS)), np.nan)
        rows[weight] = models.attention(make, Request([0, 3], [1, 2], counts)).tolist()
    assert rows[0.0] != rows[3.0]


def test_a_damaged_scorer_is_an_error_that_says_what_to_do(trained, encoder, tmp_path):
    room, _ = trained
    folder = tmp_path / "attention"
    shutil.copytree(room.attention, folder)
    (folder / WEIGHTS).write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"attention\.safetensors changed since the training.*train attention"):
        choose_attention(folder, str(encoder), "")


def test_a_weight_of_an_outcome_that_the_scorer_did_not_learn_is_named_in_a_warning(trained, caplog):
    room, _ = trained
    load_attention(room.attention, {"long_read": 1.0, "hide": 1.0})
    load_attention(shipped_attention(), {"long_read": 0.0, "hide": 0.0})
    assert not caplog.records
    load_attention(shipped_attention(), {"long_read": 0.5, "hide": 0.0})
    (record,) = caplog.records
    assert "[rerank.attention] long_read = 0.5 counts nothing" in record.getMessage()
    assert record.getMessage().endswith("on clicks with `dwell_seconds`.")


def test_a_newsroom_whose_models_are_lost_is_an_error_and_does_not_get_the_models_of_the_package(trained, tmp_path):
    room = Newsroom(shutil.copytree(trained[0].path, tmp_path / "room", symlinks=True))
    shutil.rmtree(room.attention.parent)
    room.attention.parent.mkdir()
    own = {"attention": "attention", "cross_encoder": "reranker", "fusion": "fusion", "user_tower": "towers"}
    for model, name in own.items():
        folder = getattr(room, name)
        folder.symlink_to(f"{folder.name}-2026-01-01T00-00-00.000000Z")
        with pytest.raises(ModelError, match=rf"models/{folder.name}: no card\.json.*broadsheet train"):
            getattr(EditionModels(room, room.config()), model)
        folder.unlink()
    room.attention.write_text("a file, not a folder")
    with pytest.raises(ModelError, match=r"models/attention/card\.json: not a card that training wrote"):
        _ = EditionModels(room, room.config()).attention


def test_the_split_that_is_learned_from_cannot_choose(trained):
    with pytest.raises(InputError, match="which is learned from"):
        train_attention(trained[0], train="train", valid="train")
