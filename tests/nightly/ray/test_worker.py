"""What Ray's workers do, in this process and without Ray."""

import errno
import sys
from dataclasses import replace
from datetime import datetime
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from broadsheet.config.retrieval import IndexConfig
from broadsheet.errors import ContractError, InputError
from broadsheet.generate.stories import bought
from broadsheet.generate.stories import edition_stories as files
from broadsheet.generate.stories.budget import Budget
from broadsheet.generate.stories.missing_drafts import NO_BUDGET, lacks_a_draft
from broadsheet.newsroom import Edition
from broadsheet.newsroom.manifest import file_hashes
from broadsheet.nightly import stages
from broadsheet.nightly.build import build
from broadsheet.nightly.earlier import Earlier
from broadsheet.nightly.ray import engine as engine_ray
from broadsheet.nightly.ray.spread import raise_problem, spread_parts
from broadsheet.nightly.ray.worker import ENCODE, GENERATE, PAGES, SHARDS, Worker, outputs, shard_report, stop_file
from broadsheet.operations.engines import choose_engine
from broadsheet.own_parts import OwnParts
from broadsheet.tables.arrow_files import read_stamp, read_table, write_table
from broadsheet.tables.files import file_sha256, part_path, parts_of
from broadsheet.tables.schemas import RANKED, STORIES, USERS
from broadsheet.workbench.models import EditionModels
from broadsheet.workbench.workbench import open_workbench
from tests.support.evaluated import make_adapter
from tests.support.tiny import make_newsroom, make_writer

NOTHING = Earlier()


@pytest.fixture(scope="module")
def bench(tmp_path_factory, encoder):
    """The workbench of an edition with a writer, a cross-encoder and an index of three shards."""
    folder = tmp_path_factory.mktemp("worker")
    writer = str(make_writer(folder / "writer"))
    room = make_newsroom(folder / "newsroom", encoder, writer=writer, extra="[index]\nshards = 3\n")
    make_adapter(room.reranker, encoder)
    edition = build(room, "all")
    as_of = datetime.fromisoformat(edition.read_manifest()["as_of"])
    return open_workbench(EditionModels(room, room.config()), edition, as_of)


@pytest.fixture
def fresh(bench, tmp_path):
    """A workbench like it whose edition is a copy, to write beside."""
    for path in bench.data.edition.path.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return bench_of(bench, Edition(tmp_path))


def bench_of(bench, edition, **changes):
    """The workbench of another edition, with other settings."""
    models = EditionModels(bench.models.newsroom, replace(bench.models.config, **changes))
    return open_workbench(models, edition, bench.data.as_of)


def worker_of(stage, bench, earlier=NOTHING, run="run"):
    return Worker(stage, run, bench.data.newsroom, bench.data.edition, bench.models.config, bench.data.as_of, earlier)


def ask(worker, *tasks):
    table = pa.Table.from_pylist([{"part": part, "blocks": blocks} for part, blocks in tasks])
    return worker(table).to_pylist()


FINE = {"problem": "", "kind": "", "number": 0, "tokens": 0}


def in_this_process(stage, bench, blocks, earlier, heed=lambda answer: None):
    """Spread a stage over two workers that take turns, the later parts first."""
    workers = [worker_of(stage, bench, earlier), worker_of(stage, bench, earlier)]
    for part in reversed(range(len(blocks))):
        (answer,) = ask(workers[part % 2], (part, [list(blocks[part])]))
        assert answer == FINE | {"tokens": answer["tokens"] * (stage == GENERATE)}
        heed(answer)
    return bool(blocks)


def test_steps_that_take_over_what_workers_wrote_make_the_tables_of_the_local_engine_to_the_byte(
    bench, fresh, monkeypatch
):
    monkeypatch.setattr(engine_ray, "USERS_AT_ONCE", 2)
    monkeypatch.setattr(stages, "USERS_AT_ONCE", 2)
    ours, local = engine_ray._stages(in_this_process, "run"), stages.STAGES
    for name in ("news_vectors", "user_vectors", "candidates", "ranked", "stories"):
        getattr(fresh.data.edition, name).unlink()
    for path in fresh.data.edition.path.glob("index*"):
        path.unlink()
    lines = {name: step(fresh, fresh.data.edition, NOTHING).line for name, step in ours.items()}
    made = file_hashes(fresh.data.edition.path)
    for name in local:
        local[name](fresh, fresh.data.edition, NOTHING)
    assert file_hashes(fresh.data.edition.path) == made
    assert not [path for path in fresh.data.edition.path.iterdir() if path.is_dir()]
    assert lines["encode"] == "60 articles encoded, 0 taken over"
    assert lines["index"].startswith("60 vectors, 3 x Flat, recall@100 1.0000") and len(made) == 9 + 7


def test_shards_are_taken_over_by_workers_as_by_the_local_engine(bench, fresh):
    earlier = Earlier(indexes=(bench.data.edition,))
    report = engine_ray._stages(in_this_process, "run")["index"](fresh, fresh.data.edition, earlier)
    assert report.line.endswith("; taken over: same vectors")
    assert report.figures["index"]["taken_over"] == "same vectors"
    for path in bench.data.edition.path.glob("index-*.faiss"):
        assert path.samefile(fresh.data.edition.path / path.name)


def test_a_shard_is_built_again_unless_it_was_whole(fresh):
    assert ask(worker_of(SHARDS, fresh), (0, [[0]]), (1, [[2]])) == [FINE, FINE]
    (output,) = outputs(SHARDS, fresh, "run")
    whole, torn = (output.folder / f"index-{number:03d}.faiss" for number in (0, 2))
    before, content = whole.stat().st_ino, torn.read_bytes()
    shard_report(output.folder, 2).unlink()  # the worker died before it could write it
    torn.write_bytes(content[:100])
    assert ask(worker_of(SHARDS, fresh), (0, [[0]]), (1, [[2]])) == [FINE, FINE]
    assert whole.stat().st_ino == before and torn.read_bytes() == content


def test_an_index_of_one_shard_is_built_here(bench, fresh):
    whole = bench_of(bench, fresh.data.edition, index=IndexConfig())
    report = engine_ray._stages(partial(spread_parts, 2, "run"), "run")["index"](whole, fresh.data.edition, NOTHING)
    assert report.line.startswith("60 vectors, Flat,") and fresh.data.edition.index.is_file()


def test_workers_take_over_the_scores_that_the_local_engine_takes_over(bench, fresh, tmp_path, monkeypatch):
    monkeypatch.setattr(engine_ray, "USERS_AT_ONCE", 2)
    ranked, stamp = read_table(bench.data.edition.ranked, RANKED), read_stamp(bench.data.edition.ranked)
    marked = ranked.set_column(RANKED.names.index("relevance"), "relevance", pa.array([0.125] * len(ranked)))
    earlier = tmp_path / "earlier" / "ranked.arrow"
    write_table(earlier, marked, RANKED, model=stamp["model"], arithmetic=stamp["arithmetic"])
    ours, lines = engine_ray._stages(in_this_process, "run"), []
    for table in (ours, stages.STAGES):
        for name in ("retrieve", "rerank"):
            said = table[name](fresh, fresh.data.edition, Earlier(ranked=(earlier,))).line
        lines.append((said, read_table(fresh.data.edition.ranked, RANKED)["relevance"].to_pylist()))
    assert lines[0] == lines[1] and set(lines[0][1]) == {0.125, None}
    assert "; 0 scores of the cross-encoder made, 24 taken over from earlier: nothing changed" in lines[0][0]


def test_scores_of_workers_that_differ_in_dtype_are_those_of_both_and_nobody_takes_them_over(fresh, monkeypatch):
    monkeypatch.setattr(engine_ray, "USERS_AT_ONCE", 2)

    def on_two_machines(stage, bench, blocks, _):
        workers = [worker_of(stage, bench), worker_of(stage, bench)]
        workers[1]._models.cross_encoder.arithmetic = "cpu float64"
        return all(ask(workers[part], (part, [list(rows)])) == [FINE] for part, rows in enumerate(blocks))

    ours = engine_ray._stages(on_two_machines, "run")
    ours["retrieve"](fresh, fresh.data.edition, NOTHING)
    ours["rerank"](fresh, fresh.data.edition, NOTHING)
    mine = fresh.models.cross_encoder.arithmetic
    assert read_stamp(fresh.data.edition.ranked)["arithmetic"] == f"{mine}, cpu float64"
    report = stages.rerank(fresh, fresh.data.edition, Earlier(ranked=(fresh.data.edition.ranked,)))
    assert report.line.endswith("0 taken over: all again: another device or dtype")


def test_the_process_that_runs_the_build_counts_the_tokens_of_workers_and_stops_them(bench, fresh, monkeypatch):
    monkeypatch.setattr(files, "BLOCK", 2)
    whole, answers = read_table(bench.data.edition.stories, STORIES), []
    fresh.data.edition.stories.unlink()
    bounded = replace(bench.models.config.generate, tokens=1)
    tonight = bench_of(bench, fresh.data.edition, generate=bounded)

    def spread(stage, bench, blocks, earlier, heed):
        both = lambda one: (answers.append(one["tokens"]), heed(one))  # noqa: E731
        return in_this_process(stage, bench, blocks, earlier, heed=both)

    stop_file(fresh.data.edition).parent.mkdir()
    stop_file(fresh.data.edition).touch()  # a build was killed
    line = engine_ray._stages(spread, "run")["generate"](tonight, fresh.data.edition, NOTHING).line
    assert len(answers) > 2 and answers[0] > 0 and not any(answers[1:])
    stories = read_table(fresh.data.edition.stories, STORIES)
    left = lacks_a_draft(stories, NO_BUDGET)
    assert len(pc.unique(stories["news_id"].filter(pa.array(~left)))) <= 2 and "articles beyond the budget: " in line
    known = (fresh.data.edition.stories.rename(fresh.data.edition.path / "earlier.arrow"),)
    engine_ray._stages(in_this_process, "run")["generate"](fresh, fresh.data.edition, Earlier(stories=known))
    assert read_table(fresh.data.edition.stories, STORIES).equals(whole)


def test_workers_are_started_only_after_a_trial_whose_drafts_were_kept(fresh, monkeypatch):
    monkeypatch.setattr(files, "BLOCK", 2)
    monkeypatch.setattr(bought, "TRIAL", 4)
    folder, started = fresh.data.edition.path, []
    for least in (0.9, 0.0001):
        tonight = bench_of(fresh, fresh.data.edition, generate=replace(fresh.models.config.generate, least_kept=least))
        fresh.data.edition.stories.unlink()
        local = stages.generate(tonight, fresh.data.edition, NOTHING).counts
        fresh.data.edition.stories.rename(folder / "local.arrow")

        def spread(stage, bench, blocks, earlier, heed, number=least):
            started.append(number)
            return in_this_process(stage, bench, blocks, earlier, heed=heed)

        ours = engine_ray._stages(spread, "run")["generate"](tonight, fresh.data.edition, NOTHING).counts
        assert read_table(fresh.data.edition.stories, STORIES).equals(read_table(folder / "local.arrow", STORIES))
        assert ours["beyond_budget"] == local["beyond_budget"] and (ours["beyond_budget"] > 0) == (least > 0.5)
    assert started == [0.0001]


def test_a_killed_build_whose_budget_is_spent_starts_no_workers(fresh):
    fresh.data.edition.stories.unlink()
    bounded = replace(fresh.models.config.generate, minutes=5.0)
    tonight = bench_of(fresh, fresh.data.edition, generate=bounded)
    Budget(parts_of(fresh.data.edition.stories), clock=iter([0.0, 300.0]).__next__).count()
    line = engine_ray._stages(None, "run")["generate"](tonight, fresh.data.edition, NOTHING).line
    assert "headline original: " in line and "gpt" not in line and "articles beyond the budget: " in line


def test_a_part_that_is_there_is_not_written_again(fresh):
    worker = worker_of(PAGES, fresh)
    assert ask(worker, (3, [[0, 1]])) == [FINE]
    paths = [part_path(output.folder, 3) for output in outputs(PAGES, fresh, "run")]
    before = [(path.stat().st_ino, file_sha256(path)) for path in paths]
    assert ask(worker, (3, [[2]])) == [FINE]
    assert [(path.stat().st_ino, file_sha256(path)) for path in paths] == before
    paths[1].unlink()  # the worker died between two files
    assert ask(worker, (3, [[0, 1]])) == [FINE]
    assert [file_sha256(path) for path in paths] == [sha256 for _, sha256 in before]


def test_a_worker_that_outlives_its_build_writes_pages_that_the_next_does_not_read(fresh):
    late = worker_of(PAGES, fresh, run="earlier")
    assert ask(late, (0, [[0, 1, 2, 3]])) == [FINE]
    theirs, ours = outputs(PAGES, fresh, "earlier"), outputs(PAGES, fresh, "run")
    assert all(part_path(output.folder, 0).is_file() for output in theirs)
    assert not any(output.folder.exists() for output in ours)


def test_a_part_has_its_blocks_in_order(fresh):
    assert ask(worker_of(PAGES, fresh), (0, [[3, 1], [0]])) == [FINE]
    table = read_table(part_path(outputs(PAGES, fresh, "run")[0].folder, 0), outputs(PAGES, fresh, "run")[0].schema)
    ids = read_table(fresh.data.edition.users, USERS)["user_id"].to_pylist()
    assert list(dict.fromkeys(table["user_id"].to_pylist())) == [ids[3], ids[1], ids[0]]


def test_an_error_that_the_user_can_mend_comes_back_and_is_raised_as_it_was(fresh):
    fresh.data.edition.ranked.write_bytes(b"torn")
    (answer,) = ask(worker_of(GENERATE, fresh), (0, [[0]]))
    with pytest.raises(ContractError, match="not a whole Arrow IPC file"):
        raise_problem(answer)


def test_a_folder_that_cannot_be_written_comes_back_with_its_number_and_name(fresh):
    (fresh.data.edition.path / "news_vectors.parts").write_text("in the way")
    (answer,) = ask(worker_of(ENCODE, fresh), (0, [[0]]))
    with pytest.raises(OSError) as raised:
        raise_problem(answer)
    assert raised.value.errno in (errno.EEXIST, errno.ENOTDIR) and "news_vectors.parts" in raised.value.filename


def test_an_engine_is_local_or_ray_and_the_local_one_has_no_address():
    assert choose_engine("local") is stages.local_engine
    with pytest.raises(InputError, match="found 'spark', expected local or ray"):
        choose_engine("spark")
    with pytest.raises(InputError, match="the local engine has none"):
        choose_engine("local", "head:6379")


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"pip install 'broadsheet\[ray\]'"):
        choose_engine("ray")


def test_a_writer_of_the_sites_own_is_called_by_the_process_that_runs_the_build(fresh):
    own = OwnParts(writer=lambda prompts, job: [None] * len(prompts))
    models = EditionModels(fresh.data.newsroom, fresh.models.config, own)
    tonight = open_workbench(models, fresh.data.edition, fresh.data.as_of)
    fresh.data.edition.stories.unlink()
    line = engine_ray._stages(None, "run")["generate"](tonight, fresh.data.edition, NOTHING).line
    assert "headline original: " in line and "gpt" not in line
