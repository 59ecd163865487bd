"""A newsroom whose writer is an endpoint: its nights and its pages, whatever the endpoint does."""

import pytest

from broadsheet import pipeline
from broadsheet.generate.writers.endpoint import writer as endpoint
from broadsheet.nightly.build import build
from broadsheet.pipeline import page_maker
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import STORIES
from tests.generate.endpoint_server import DOWN, DRIP, always, said, serving
from tests.support.tiny import make_newsroom

READERS = ["fan", "voter", "asker", "nobody"]


@pytest.fixture
def room_at(tmp_path, encoder, monkeypatch):
    """Makes a newsroom whose writer is the endpoint at an address, and which takes its drafts before extracts."""
    monkeypatch.setattr(endpoint, "FIRST_WAIT", 0.01)
    section = '[generate.endpoint]\nmodel = "small"\ntimeout_seconds = 0.3\nretries = 0\n'
    section += "[generate.choice]\ninterest = 0\narticle = 0\nlength = 0\nown_words = 0\n"
    return lambda url: make_newsroom(tmp_path / "newsroom", encoder, writer=url, extra=section)


def from_the_article(server, prompt):
    """A model that repeats the first sentence after the title."""
    return said(prompt.partition(". ")[2].partition(".")[0] + ".")


def methods(stories):
    return {how for method in stories["method"].to_pylist() for how in method.values()}


def test_a_build_and_its_pages_have_the_drafts_of_an_endpoint(room_at, monkeypatch):
    monkeypatch.setenv("BROADSHEET_API_KEY", "sk-secret")
    with serving(from_the_article) as server:
        room = room_at(server.url)
        edition = build(room, "all")
        assert "endpoint" in methods(read_table(edition.stories, STORIES))
        assert (
            edition.read_manifest()["models"]["writer"] == pipeline.Pipeline.open(room.path).bench.models.writer.model
        )
        asked = len(server.requests)
        opened = pipeline.Pipeline.open(room.path)
        pages = opened.run_many(READERS, 5)
        assert len(server.requests) == asked  # neither opening nor pages of the edition's own texts ask anything
        assert "endpoint" in {how for page in pages for how in methods(page.stories)}
        assert any("written by a language model" in str(page) for page in pages)
        longer = opened.run("fan", 12)
        assert len(longer.stories) == 12 and len(server.requests) > asked
    for path in edition.path.iterdir():
        assert b"sk-secret" not in path.read_bytes()


@pytest.mark.parametrize("answer", [DOWN, (200, b"<html>", {}), said(None), DRIP])
def test_pages_come_with_extracts_whatever_the_endpoint_does(room_at, answer, monkeypatch):
    monkeypatch.setattr(page_maker, "ENDPOINT_SECONDS", 0.5)
    with serving(always(answer)) as server:
        room = room_at(server.url)
        edition = build(room, ["fan"])
        pages = [pipeline.Pipeline.open(room.path).run(reader, 12) for reader in ("fan", "stranger")]
    assert methods(read_table(edition.stories, STORIES)) <= {"extract", "original"}
    for page in pages:
        assert len(page.stories) == 12 and methods(page.stories) <= {"extract", "original"}
        assert all("endpoint headline: no answer" in checks for checks in page.stories["checks"].to_pylist())


def test_an_endpoint_that_was_down_at_night_is_asked_by_the_next_night_and_not_by_pages(room_at):
    with serving(always(DOWN)) as server:
        room = room_at(server.url)
        build(room, ["fan"])
        asked = len(server.requests)
        server.answer = from_the_article
        page = pipeline.Pipeline.open(room.path).run("fan", 5)
        assert len(server.requests) == asked and methods(page.stories) <= {"extract", "original"}
        lines = []
        edition = build(room, ["fan"], say=lines.append)
        assert len(server.requests) == asked + 2 * 8  # five articles of the reader, three more of new readers
        assert "endpoint" in methods(read_table(edition.stories, STORIES))
        build(room, ["fan"])
        assert len(server.requests) == asked + 2 * 8  # what was had is taken over
    assert not any("without an answer" in line for line in lines)
