"""Articles that entered and left between nights, through builds, imports and other processes."""

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from broadsheet.errors import ContractError
from broadsheet.importers.transaction import Import
from broadsheet.newsroom.journal import Journal, carried_by, read_withdrawn
from broadsheet.nightly.build import build
from broadsheet.nightly.verify import verify_edition, verify_journal
from broadsheet.operations.editions import rollback
from broadsheet.pipeline import Pipeline
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.files import remove_folder
from broadsheet.tables.schemas import NEWS, STORIES, news_vectors
from broadsheet.tables.vectors import vectors_to_numpy
from tests.support.late_articles import ALL, CUP, everything, ids, row
from tests.support.tiny import make_encoder


@pytest.mark.parametrize("reader", ["fan", "voter", "asker", "nobody"])
def test_pages_between_nights_are_those_of_the_next_edition(room, opened, reader):
    opened.add(
        [row("X1"), row("N15", title="Coach says new goal"), row("X2", title="Vote law party", category="politics")]
    )
    opened.withdraw(["N18", "N50"])
    before = opened.run(reader, 15).stories.to_pylist()
    build(room, "all")
    after = Pipeline.open(room.path).run(reader, 15).stories.to_pylist()
    assert [story["news_id"] for story in before] == [story["news_id"] for story in after]
    for ours, theirs in zip(before, after, strict=True):
        # Who clicked what was withdrawn still counts in co_click until the next edition leaves those clicks out.
        signals = {name: value for name, value in theirs["signals"].items() if name != "co_click"}
        found = {name: ours["signals"][name] for name in signals}
        assert found == {name: pytest.approx(value, abs=1e-5) for name, value in signals.items()}
        assert (ours["reason"], ours["headline"]) == (theirs["reason"], theirs["headline"])


def test_the_next_edition_holds_the_journal_once_without_encoding_anything_again(room, opened):
    opened.add([row("X1"), row("N15", title="Coach says new goal")])
    opened.withdraw(["N18"])
    lines = []
    edition = build(room, "all", lines.append)
    assert any(line.startswith("encode: 0 articles encoded, 60 taken over") for line in lines)
    assert edition.read_manifest()["live"] == 2 and edition.read_manifest()["counts"]["news"] == 60
    news = read_table(edition.news, NEWS)
    assert sorted(news["news_id"].to_pylist()) == sorted((ALL | {"X1"}) - {"N18"})
    vectors = vectors_to_numpy(read_table(edition.news_vectors, news_vectors(32)))
    again = opened.bench.data.catalogue
    assert np.array_equal(vectors, again.vectors_of([again.row_of[n] for n in news["news_id"].to_pylist()]))
    assert "N18" not in read_table(edition.stories, STORIES)["news_id"].to_pylist()
    assert verify_edition(edition) == [] == verify_journal(room)
    fresh = Pipeline.open(room.path)
    assert fresh.bench.data.catalogue.late_vectors.shape == (0, 32)
    assert set(ids(everything(fresh))) == (ALL | {"X1"}) - {"N18"}
    assert set(ids(everything(opened))) == (ALL | {"X1"}) - {"N18"}  # the edition that it opened, with its delta


def test_entries_stay_while_an_edition_needs_them_so_that_a_rollback_loses_nothing(room, opened):
    opened.add([row("X1")])
    opened.withdraw(["N18"])
    first = room.current()
    build(room, "all")
    assert len(Journal(room).entries()) == 2
    rollback(room)
    assert room.current() == first
    assert set(ids(everything(Pipeline.open(room.path)))) == (ALL | {"X1"}) - {"N18"}
    remove_folder(first.path)
    build(room, "all")
    assert Journal(room).entries() == []
    assert read_withdrawn(room).keys() == {"N18"}


def test_what_is_added_while_a_build_is_at_work_is_beside_the_new_edition(room, opened):
    opened.add([row("X1")])

    def meanwhile(line):
        if line.startswith("index"):
            opened.add([row("X2")])
            opened.withdraw(["N18", "X1"])

    edition = build(room, "all", meanwhile)
    assert edition.read_manifest()["live"] == 1 and carried_by(edition.news) == 1
    for pipeline in (opened, Pipeline.open(room.path)):
        assert set(ids(everything(pipeline))) == (ALL | {"X2"}) - {"N18"}
    again = build(room, "all")
    assert again.read_manifest()["live"] == 3
    assert set(ids(everything(Pipeline.open(room.path)))) == (ALL | {"X2"}) - {"N18"}


def test_an_import_after_an_addition_wins_in_the_next_edition(room, opened):
    opened.add([row("X1"), row("N5")])
    with Import(room) as add:
        add.news([row("X1", title="Imported last")])
    assert "Imported last" not in everything(opened).stories["title"].to_pylist()
    build(room, ["fan"])
    titles = everything(Pipeline.open(room.path)).stories["title"].to_pylist()
    assert titles.count("Imported last") == 1 and titles.count(CUP["title"]) == 1


def test_a_pipeline_that_was_left_behind_hides_what_was_withdrawn_and_says_so(room, opened, caplog):
    other = Pipeline.open(room.path)
    other.add([row("X1")])
    other.withdraw(["N18"])
    first = room.current()
    build(room, ["fan"])
    remove_folder(first.path)
    build(room, ["fan"])
    assert Journal(room).entries() == []
    assert set(ids(everything(opened))) == ALL - {"N18"}
    assert (
        "2 entries of the journal are in newer ones alone" in caplog.text and "open the newsroom again" in caplog.text
    )
    other.withdraw(["N19"])
    assert set(ids(everything(opened))) == ALL - {"N18", "N19"}


def test_an_article_that_was_encoded_by_another_model_is_encoded_by_the_editions(room, opened, encoder, tmp_path):
    other = make_encoder(tmp_path / "other", seed=1)
    settings = room.config_file.read_text()
    room.config_file.write_text(settings.replace(f'"{encoder}"', f'"{other}"', 1))
    build(room, ["fan"])
    newer = Pipeline.open(room.path)
    newer.add([row("X1")])
    assert "X1" in ids(everything(opened)) and "X1" in ids(everything(newer))
    assert not np.allclose(opened.bench.data.catalogue.late_vectors, newer.bench.data.catalogue.late_vectors)


def test_a_damaged_entry_is_one_clear_error_of_every_request_and_build(room, opened):
    opened.add([row("X1")])
    path = Journal(room).entries()[0].path
    other = Pipeline.open(room.path)
    Pipeline.open(room.path).withdraw(["N1"])
    damaged = Journal(room).entries()[1].path
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-20])
    for request in (lambda: other.run("fan"), lambda: Pipeline.open(room.path), lambda: build(room, ["fan"])):
        with pytest.raises(
            ContractError, match=f"{damaged.name}: not the entry .* delete it and withdraw its articles"
        ):
            request()
    damaged.write_bytes(content)
    assert "N1" not in ids(everything(other)) and path.is_file()


def test_a_request_looks_into_the_folder_only_after_a_change(room, opened):
    opened.add([row("X1")])
    os.utime(room.live, (1e9, 1e9))
    bench = opened.bench
    assert opened.bench is bench
    (room.live / "000000000002-add.arrow").write_bytes(b"never read")
    os.utime(room.live, (1e9, 1e9))
    assert opened.bench is bench
    os.utime(room.live, (2e9, 2e9))
    with pytest.raises(ContractError, match=r"000000000002-add\.arrow"):
        opened.run("fan")


def test_eight_threads_search_through_additions_withdrawals_and_a_publication(room, opened):
    done, hidden, version = Event(), set(), 0

    def read(number):
        pages = 0
        while not done.wait(0.05) or not pages:  # the pause leaves the build, in one process with them, its turns
            gone, least = set(hidden), version
            page = opened.run(("fan", "voter", "asker", "nobody")[number % 4], 30)
            found = ids(page)
            assert not gone & set(found) and len(set(found)) == len(found) == 30 and page.edition == first
            for story in page.stories.to_pylist():
                assert story["headline"] == story["title"]  # of one version
                if story["news_id"] == "N57" and least:
                    assert int(story["title"].split()[-1]) >= least
            pages += 1
        return pages

    first = room.current().name
    with ThreadPoolExecutor(8) as threads:
        readers = [threads.submit(read, number) for number in range(8)]
        try:
            for number in range(1, 5):
                opened.add([row("N57", title=f"Match number {number}"), row(f"X{number}")])
                version = number
                opened.withdraw([f"N{number}"])
                hidden.add(f"N{number}")
                if number == 2:
                    build(room, ["fan"])
        finally:
            done.set()
        assert all(reader.result() > 0 for reader in readers)
    assert room.current().name != first
    late = Pipeline.open(room.path)
    assert set(ids(everything(late))) == set(ids(everything(opened)))
    assert len(read_table(room.current().news, NEWS)) == 60  # two added, two withdrawn
