import threading

import pyarrow.compute as pc
import pytest
import torch

from broadsheet.errors import ContractError, InputError, NewsroomError
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Edition
from broadsheet.newsroom.manifest import file_hashes
from broadsheet.nightly.build import build
from broadsheet.nightly.earlier import Earlier
from broadsheet.nightly.stages import STAGES, USERS_AT_ONCE, run_stage
from broadsheet.own_parts import OwnParts, OwnSignal
from broadsheet.pipeline import Pipeline
from broadsheet.tables.arrow_files import read_stamp, read_table
from broadsheet.tables.schemas import CANDIDATES, DIGESTS, RANKED, STORIES, USERS, news_vectors, user_vectors
from broadsheet.workbench.ranking import rank
from broadsheet.workbench.workbench import open_current
from tests.support.tiny import make_encoder, make_newsroom, make_writer

WRITES = {
    "encode": {"news_vectors": news_vectors(32)},
    "index": {},
    "retrieve": {"user_vectors": user_vectors(32), "candidates": CANDIDATES},
    "rerank": {"ranked": RANKED},
    "generate": {"stories": STORIES},
    "digest": {"digests": DIGESTS},
}
MANY = 2 * USERS_AT_ONCE + 7


@pytest.fixture(scope="module")
def room(tmp_path_factory, encoder):
    """A newsroom with a writer and an edition for three readers."""
    folder = tmp_path_factory.mktemp("stages")
    room = make_newsroom(folder / "newsroom", encoder, writer=str(make_writer(folder / "writer")))
    config = room.config_file.read_text().replace("stories = 5", "stories = 2")
    room.config_file.write_text(config)
    build(room, ["fan", "asker", "nobody"])
    return room


@pytest.mark.parametrize("name", WRITES)
def test_a_stage_run_alone_writes_the_table_that_the_build_wrote(room, tmp_path, name):
    assert run_stage(room, name, tmp_path / "out")
    inside, alone = room.current(), Edition(tmp_path / "out")
    for table, schema in WRITES[name].items():
        expected = read_table(getattr(inside, table), schema)
        assert len(expected) or table == "digests"  # no event has two of the made-up articles
        assert read_table(getattr(alone, table), schema).equals(expected)
        assert read_stamp(getattr(alone, table)) == read_stamp(getattr(inside, table))
    names = sorted(path.name for path in alone.path.iterdir())
    assert names == (["index.arrow", "index.faiss"] if name == "index" else sorted(f"{t}.arrow" for t in WRITES[name]))


def test_the_index_alone_is_the_builds_byte_for_byte(room, tmp_path):
    run_stage(room, "index", tmp_path)
    expected = file_hashes(room.current().path)
    assert file_hashes(tmp_path) == {name: expected[name] for name in ("index.arrow", "index.faiss")}


def test_an_unknown_stage_is_refused(room, tmp_path):
    with pytest.raises(
        InputError, match="found 'fuse', expected one of encode, index, retrieve, rerank, generate, digest"
    ):
        run_stage(room, "fuse", tmp_path / "out")
    assert not (tmp_path / "out").exists() and list(STAGES) == list(WRITES)


@pytest.mark.parametrize("folder", ["current", "editions/building", "editions"])
def test_a_stage_never_writes_into_an_edition(room, folder):
    before = file_hashes(room.current().path)
    with pytest.raises(InputError, match=r"found a place inside .*editions, where no file may change"):
        run_stage(room, "rerank", room.path / folder)
    assert file_hashes(room.current().path) == before and not room.building.path.exists()


def test_a_stage_of_a_newsroom_without_an_edition_says_what_to_do(newsroom, tmp_path):
    with pytest.raises(NewsroomError, match="Run `broadsheet build"):
        run_stage(newsroom, "rerank", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_stage_refuses_files_of_another_model_and_writes_nothing(newsroom, tmp_path):
    build(newsroom, ["fan"])
    other = make_encoder(tmp_path / "other", seed=1)
    config = newsroom.config_file.read_text()
    newsroom.config_file.write_text(config.replace(config.split('encoder = "')[1].split('"')[0], str(other), 1))
    with pytest.raises(ContractError, match=r"candidates\.arrow: model is .*, expected "):
        run_stage(newsroom, "rerank", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_sites_own_functions_are_called_by_one_thread(room, tmp_path):
    callers = set()

    def rank_all_alike(_, articles, *__):
        callers.add(threading.current_thread())
        return [1.0] * len(articles)

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        for own in (OwnParts({"alike": OwnSignal(rank_all_alike)}), OwnParts(reranker=rank_all_alike)):
            bench = open_current(room, own)
            for name in ("retrieve", "rerank"):
                STAGES[name](bench, Edition(tmp_path), Earlier())
    finally:
        torch.set_num_threads(before)
    assert callers == {threading.current_thread()}


def test_readers_of_every_block_are_ranked_as_they_would_be_alone(newsroom):
    with Import(newsroom) as add:
        add.users(
            {
                "user_id": f"U{n}",
                "history": [f"N{n % 20}", f"N{n * 7 % 50}"] if n % 5 else [],
                "profile": "",
                "hidden": [],
            }
            for n in range(MANY)
        )
    ids = [f"U{n}" for n in range(MANY)]
    edition = build(newsroom, ids)
    assert read_table(edition.users, USERS)["user_id"].to_pylist() == ids
    ranked = read_table(edition.ranked, RANKED)
    assert ranked["user_id"].unique().to_pylist() == ids
    pipeline, bench = Pipeline.open(newsroom.path), open_current(newsroom)
    vectors, users = read_table(edition.user_vectors, user_vectors(32)), read_table(edition.users, USERS)
    candidates = read_table(edition.candidates, CANDIDATES)
    for number in (0, USERS_AT_ONCE, 2 * USERS_AT_ONCE - 1, MANY - 1):
        alone = rank(bench, bench.readers(users.slice(number, 1)), bench.data.as_of)
        for night, found in ((vectors, alone.vectors), (candidates, alone.candidates), (ranked, alone.ranked)):
            rows = night.filter(pc.equal(night["user_id"], ids[number]))
            assert rows.to_pylist() == found.to_pylist(), "to the bit"
        nightly = alone.ranked["news_id"].to_pylist()
        assert pipeline.run(ids[number], 12).stories["news_id"].to_pylist() == nightly
