"""A build takes scores of the cross-encoder over from earlier nights, where reader and what it reads are the same."""

import json
import shutil

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import torch
from safetensors.torch import load_file, save_file

from broadsheet.importers.transaction import Import
from broadsheet.models import loading as models
from broadsheet.models.trained_folder import CARD, write_card
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.nightly.stages import run_stage
from broadsheet.nightly.verify import verify_edition
from broadsheet.operations.editions import rollback
from broadsheet.tables.arrow_files import read_stamp, read_table, write_table
from broadsheet.tables.schemas import RANKED
from tests.support.evaluated import make_adapter
from tests.support.manifests import take_as_built
from tests.support.tiny import USERS, make_news, make_newsroom

MARK = 0.125
"What last night's edition says of every pair: wherever it stands tonight, it was taken over."
READERS = ["fan", "voter"]
ROUNDING = 1e-5 if models.pick_dtype(models.pick_device()) == torch.float32 else 2e-2


def rewrite(edition, ranked, **stamp):
    """Give an edition another ranking, as if it had been built with it."""
    version = stamp.pop("version", RANKED.metadata[b"version"].decode())
    write_table(edition.ranked, ranked, RANKED.with_metadata({"table": "ranked", "version": version}), **stamp)
    take_as_built(edition)


def with_relevance(ranked, values):
    return ranked.set_column(RANKED.names.index("relevance"), RANKED.field("relevance"), pa.array(values, pa.float32()))


def stamps(edition):
    return {name: read_stamp(edition.ranked)[name] for name in ("model", "arithmetic")}


@pytest.fixture(scope="module")
def marked(tmp_path_factory, encoder):
    """A newsroom with a cross-encoder and an edition whose scores are all MARK."""
    room = make_newsroom(tmp_path_factory.mktemp("marked") / "newsroom", encoder)
    make_adapter(room.reranker, encoder)
    edition = build(room, READERS)
    ranked = read_table(edition.ranked, RANKED)
    assert len(ranked) == 24 and ranked["relevance"].null_count == ranked["pair_hash"].null_count == 0
    rewrite(edition, with_relevance(ranked, [MARK] * 24), **stamps(edition))
    return room


@pytest.fixture
def room(marked, tmp_path):
    """A copy of it, to be changed."""
    return Newsroom(shutil.copytree(marked.path, tmp_path / "newsroom", symlinks=True))


def next_night(room, users=READERS):
    """Build again: the edition's ranking, what was said of it, and all lines before."""
    lines = []
    edition = build(room, users, lines.append)
    assert verify_edition(edition) == []
    (said,) = [line for line in lines if line.startswith("rerank: ")]
    return read_table(edition.ranked, RANKED), said, lines


def check_made_again(room, ranked, tmp_path, again):
    """These rows have what reading all again gives, and the others were taken over."""
    run_stage(room, "rerank", tmp_path / "alone")
    alone = {
        (row["user_id"], row["news_id"]): row["relevance"]
        for row in read_table(tmp_path / "alone" / "ranked.arrow", RANKED).to_pylist()
    }
    assert MARK not in alone.values()
    for row in ranked.to_pylist():
        expected = alone[row["user_id"], row["news_id"]] if again(row) else MARK
        assert row["relevance"] == pytest.approx(expected, abs=ROUNDING if again(row) else 0), row


def change_settings(room, old, new):
    settings = room.config_file.read_text()
    assert old in settings
    room.config_file.write_text(settings.replace(old, new, 1))


def test_where_nothing_changed_all_scores_are_taken_over_and_other_signals_are_as_they_were(room):
    last = room.current()
    ranked, said, _ = next_night(room)
    whence = f"24 taken over from {last.name}: nothing changed; freshness and popularity computed again for every user"
    assert f"24 articles ranked for 2 users; 0 scores of the cross-encoder made, {whence}" in said
    assert set(ranked["relevance"].to_pylist()) == {MARK}
    before = {(row["user_id"], row["news_id"]): row for row in read_table(last.ranked, RANKED).to_pylist()}
    for row in ranked.to_pylist():
        old = before[row["user_id"], row["news_id"]]
        assert all(row[name] == old[name] for name in ("two_tower", "popularity", "freshness", "affinity", "pair_hash"))
    counts = room.current().read_manifest()["stages"]["rerank"]["counts"]
    assert (counts["scored"], counts["reused"]) == (0, 24)


def test_a_second_build_makes_the_ranking_of_the_first_to_the_byte(tmp_path, encoder):
    room = make_newsroom(tmp_path / "newsroom", encoder)
    make_adapter(room.reranker, encoder)
    first, second = build(room, "all"), build(room, "all")
    assert first.ranked.read_bytes() == second.ranked.read_bytes() and first != second
    counts = second.read_manifest()["stages"]["rerank"]["counts"]
    assert (counts["scored"], counts["reused"]) == (0, 24)


def test_a_changed_candidate_is_read_again_for_each_reader_and_the_others_are_not(room, tmp_path):
    of_fan = read_table(room.current().ranked, RANKED).to_pylist()[0]["news_id"]
    article = make_news()[int(of_fan[1:])]
    with Import(room) as add:
        add.news([article | {"title": article["title"] + " team"}])
    ranked, said, _ = next_night(room)
    assert any(row["news_id"] == of_fan for row in ranked.to_pylist())
    check_made_again(room, ranked, tmp_path, lambda row: row["news_id"] == of_fan)
    assert ": 1 of another history or text;" in said


def test_a_changed_headline_of_the_history_makes_all_scores_of_its_readers_again(room, tmp_path):
    with Import(room) as add:
        add.news([make_news()[3] | {"title": "Court says a new law"}])
    ranked, said, _ = next_night(room)
    check_made_again(room, ranked, tmp_path, lambda row: row["user_id"] == "fan")
    assert "12 taken over" in said and "12 scores of the cross-encoder made" in said


def test_another_history_makes_the_scores_of_its_reader_again(room, tmp_path):
    with Import(room) as add:
        add.users([USERS[0] | {"history": ["N15", "N18", "N21"]}])
    ranked, said, _ = next_night(room)
    check_made_again(room, ranked, tmp_path, lambda row: row["user_id"] == "fan")
    assert "of another history or text" in said


def test_a_new_reader_is_read_for_and_an_old_one_is_not(room, tmp_path):
    with Import(room) as add:
        add.users([{"user_id": "late", "history": ["N2", "N5"], "profile": "", "hidden": []}])
    ranked, said, _ = next_night(room, ["late", "voter", "fan", "nobody"])
    ranked = ranked.filter(pc.is_valid(ranked["pair_hash"]))  # nobody has read anything
    check_made_again(room, ranked, tmp_path, lambda row: row["user_id"] == "late")
    assert "12 scores of the cross-encoder made, 24 taken over" in said and ": 12 of new readers;" in said


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("depth = 12", "depth = 12\nmax_tokens = 48", "all again: another cross-encoder"),
        ("depth = 12", "depth = 12\nheadlines = 1", "24 of another history or text"),
        ("candidates = 20", "candidates = 20\nhistory = 1", "24 of another history or text"),
    ],
)
def test_a_setting_that_changes_what_is_read_makes_all_scores_again(room, tmp_path, old, new, why):
    change_settings(room, old, new)
    ranked, said, _ = next_night(room)
    check_made_again(room, ranked, tmp_path, lambda row: True)
    assert f"24 scores of the cross-encoder made, 0 taken over: {why};" in said


def test_a_setting_of_the_fusion_makes_no_score_again(room):
    change_settings(room, "depth = 12", "depth = 12\ndiversity = 0.1\n[rerank.weights]\nfreshness = 2")
    ranked, said, _ = next_night(room)
    assert set(ranked["relevance"].to_pylist()) == {MARK} and "0 scores of the cross-encoder made" in said


def test_another_news_tower_makes_again_what_it_puts_before_the_cross_encoder_otherwise(room, tmp_path):
    before = read_table(room.current().ranked, RANKED).to_pylist()
    keys = {(row["user_id"], row["pair_hash"]) for row in before}
    change_settings(room, "candidates = 20", "candidates = 20\nmax_tokens = 9")
    ranked, said, _ = next_night(room)
    check_made_again(room, ranked, tmp_path, lambda row: (row["user_id"], row["pair_hash"]) not in keys)
    assert MARK in ranked["relevance"].to_pylist() and "all again" not in said


@pytest.mark.parametrize("name", ["head.safetensors", "adapter_model.safetensors"])
def test_another_adapter_makes_all_scores_again(room, tmp_path, name):
    save_file({key: value + 0.1 for key, value in load_file(room.reranker / name).items()}, room.reranker / name)
    write_card(room.reranker, json.loads((room.reranker / CARD).read_text()))  # as after another training
    ranked, said, _ = next_night(room)
    check_made_again(room, ranked, tmp_path, lambda row: True)
    assert "24 scores of the cross-encoder made, 0 taken over: all again: another cross-encoder;" in said


@pytest.mark.parametrize(
    ("stamp", "why"),
    [
        ({"arithmetic": "cuda float16"}, "another device or dtype"),
        ({"version": "1"}, "another version of the table"),
        ({"model": "other"}, "another cross-encoder"),
    ],
)
def test_a_table_that_others_made_is_no_source(room, tmp_path, stamp, why):
    last = room.current()
    rewrite(last, read_table(last.ranked, RANKED), **stamps(last) | stamp)
    ranked, said, _ = next_night(room)
    check_made_again(room, ranked, tmp_path, lambda row: True)
    assert f"0 taken over: all again: {why};" in said


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (flip, "its SHA-256 is not that of its manifest"),
        (cut, "its SHA-256 is not that of its manifest"),
        (lambda path: path.unlink(), "it is missing"),
    ],
)
def test_from_a_damaged_or_missing_table_nothing_is_taken_over_and_the_build_says_so(room, tmp_path, damage, why):
    last = room.current()
    damage(last.ranked)
    ranked, said, lines = next_night(room)
    check_made_again(room, ranked, tmp_path, lambda row: True)
    assert f"nothing is taken over from {last.ranked}: {why}" in lines
    assert "24 scores of the cross-encoder made, 0 taken over: nothing to take over;" in said


def test_a_torn_table_whose_hash_agrees_is_no_source_either(room, tmp_path):
    last = room.current()
    cut(last.ranked)
    take_as_built(last)
    ranked, said, _ = next_night(room)
    check_made_again(room, ranked, tmp_path, lambda row: True)
    assert "0 taken over: all again: a damaged file;" in said


def test_scores_of_an_edition_that_was_rolled_back_are_taken_over(room):
    with Import(room) as add:
        add.users([USERS[0] | {"history": ["N15", "N18", "N21"]}])
    second, _, _ = next_night(room)
    rollback(room)
    third, said, _ = next_night(room)
    assert "0 scores of the cross-encoder made, 24 taken over from" in said and " and " in said
    assert third["relevance"].equals(second["relevance"]) and len(third["relevance"].unique()) > 2
