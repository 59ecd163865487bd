"""Builds whose index is cut into shards."""

import shutil

import pytest

from broadsheet.errors import ConfigError
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.manifest import file_hashes
from broadsheet.nightly.build import build
from broadsheet.nightly.stages import run_stage
from broadsheet.nightly.verify import check_edition, verify_edition
from broadsheet.operations.editions import prune
from broadsheet.operations.status import newsroom_state
from broadsheet.pipeline import Pipeline
from tests.nightly.test_build import build_and_report
from tests.support.late_articles import everything, ids, row
from tests.support.tiny import make_news, make_newsroom

SHARDS = [f"index-{number:03d}.{ending}" for number in range(3) for ending in ("arrow", "faiss")]


@pytest.fixture(scope="module")
def finished(tmp_path_factory, encoder):
    """A newsroom of three shards with an edition. Tests that share it only read."""
    room = make_newsroom(tmp_path_factory.mktemp("shards") / "newsroom", encoder, extra="[index]\nshards = 3\n")
    build(room, "all")
    return room


@pytest.fixture
def room(finished, tmp_path):
    """A copy of it to change."""
    shutil.copytree(finished.path, tmp_path / "copy", symlinks=True)
    return Newsroom(tmp_path / "copy")


def cut_into(room, count):
    before, _, _ = room.config_file.read_text().partition("[index]")
    room.config_file.write_text(f"{before}[index]\nshards = {count}\n")


def test_an_edition_of_shards_has_the_tables_of_one_index(finished, built):
    shards, whole = (file_hashes(newsroom.current().path) for newsroom in (finished, built))
    assert sorted(shards.keys() - whole.keys()) == SHARDS and whole.keys() - shards.keys() == {"index.faiss"}
    same = whole.keys() - {"index.faiss", "index.arrow"}
    assert {name: shards[name] for name in same} == {name: whole[name] for name in same}


def test_manifest_status_and_checks_know_the_shards(finished):
    edition = finished.current()
    report = edition.read_manifest()["index"]
    assert [shard["vectors"] for shard in report["shards"]] == [20, 20, 20] and report["vectors"] == 60
    assert verify_edition(edition) == []
    (state,) = newsroom_state(finished)["editions"]
    assert state["index"] == "3 x Flat" and state["recall"] == 1.0


def test_the_index_alone_is_the_builds_shard_for_shard(finished, tmp_path):
    assert run_stage(finished, "index", tmp_path).startswith("60 vectors, 3 x Flat, recall@100 1.0000")
    expected = file_hashes(finished.current().path)
    assert file_hashes(tmp_path) == {name: expected[name] for name in (*SHARDS, "index.arrow")}


@pytest.mark.parametrize("name", SHARDS)
def test_a_flipped_bit_in_any_shard_is_found_and_the_shard_named(room, name):
    edition = room.current()
    content = bytearray((edition.path / name).read_bytes())
    content[len(content) // 2] ^= 4
    (edition.path / name).write_bytes(content)
    (problem,) = verify_edition(edition)
    assert problem.startswith(f"{name}: SHA-256 is ")
    if name.endswith("faiss"):
        (problem,) = check_edition(edition, 32)
        assert f"{name}: SHA-256 is " in problem


def test_where_nothing_changed_all_shards_are_taken_over_and_else_those_that_are_the_same(room):
    first = room.current()
    second, lines = build_and_report(room, "all")
    assert "; taken over: same vectors (" in lines[1]
    assert all((second.path / name).samefile(first.path / name) for name in SHARDS if name.endswith("faiss"))
    with Import(room) as add:
        add.news([make_news()[45] | {"title": "A new title of the senate"}])
    third, lines = build_and_report(room, "all")
    kept = [(third.path / name).samefile(second.path / name) for name in SHARDS if name.endswith("faiss")]
    assert kept == [True, True, False] and "; taken over: 2 of 3 shards, same vectors (" in lines[1]
    assert verify_edition(third) == []


def test_another_number_of_shards_is_built_anew_and_back_again(room):
    for count in (1, 2, 3):
        cut_into(room, count)
        edition, lines = build_and_report(room, "all")
        assert "taken over" not in lines[1] and verify_edition(edition) == []
    assert len(prune(room, 1)) == 3 and verify_edition(room.current()) == []


def test_more_shards_than_articles_publish_nothing(room):
    before = room.current()
    cut_into(room, 61)
    with pytest.raises(ConfigError, match=r"index\.shards: found 61, expected at most the number of articles, 60"):
        build(room, "all")
    assert room.current() == before


def test_late_articles_are_found_beside_shards(room):
    pipeline = Pipeline.open(room.path)
    pipeline.add([row("LATE")])
    assert set(ids(everything(pipeline))) == {f"N{number}" for number in range(60)} | {"LATE"}
    assert "LATE" in ids(pipeline.ask("coach cup goal", 61))
