"""Texts that are written after the edition, by a function that says itself what it drafts."""

import os
import shutil

import pytest

from broadsheet.errors import NewsroomError
from broadsheet.generate.stories import edition_stories
from broadsheet.nightly.build import build
from broadsheet.nightly.verify import verify_newsroom
from broadsheet.own_parts import OwnParts
from broadsheet.pipeline import Pipeline
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.files import parts_of
from broadsheet.tables.locks import locked
from broadsheet.tables.schemas import STORIES
from tests.support.late_articles import ids, row

FALSE = "Anna Berg died in Ghent in 1999."


class Writer:
    """Drafts a true summary for each article, the whole of its body, and stops at a call as Ctrl-C does."""

    def __init__(self):
        self.asked, self.stop_at, self.is_true = [], 99, True

    def __call__(self, prompts, job):
        if job == "headline":
            return [FALSE] * len(prompts)
        self.stop_at -= 1
        if not self.stop_at:
            raise KeyboardInterrupt
        self.asked += prompts
        # The prompt is title, abstract and body, each with a full stop; the body says one sentence twice.
        return [f"{prompt.split('. ')[2]}. " * 2 if self.is_true else FALSE for prompt in prompts]


@pytest.fixture
def writer():
    return Writer()


@pytest.fixture
def own(writer):
    return OwnParts(writer=lambda prompts, job: writer(prompts, job))


@pytest.fixture
def pipeline(room, own):
    """The pipeline of a newsroom whose edition has the publisher's words alone, with a writer that came since."""
    room.config_file.write_text(room.config_file.read_text().replace('"personal"', '"best"'))
    return Pipeline.open(room.path, own)


def methods(page):
    return [method["summary"] for method in page.stories["method"].to_pylist()]


def test_a_page_has_the_publishers_words_before_and_the_written_text_after(pipeline, room, own, writer):
    other = Pipeline.open(room.path, own)
    before = pipeline.run("stranger", 5)
    assert methods(before) == ["original"] * 5 and not writer.asked
    assert before.stories["checks"].to_pylist() == [["own headline: not yet", "own summary: not yet"]] * 5
    made = pipeline.write_missing()
    assert made[:3] == (5, 5, 0) and made.line == "5 stories wanted by pages: 5 written now, 0 known, 0 left"
    for opened in (pipeline, other, Pipeline.open(room.path, own)):
        page = opened.run("another stranger", 7)
        assert ids(page)[:5] == ids(before) and methods(page) == ["own"] * 5 + ["original"] * 2
        assert all(summary.startswith("The ") for summary in page.stories["summary"].to_pylist())
    assert pipeline.write_missing()[:3] == (7, 2, 0), "what three processes noted is written once"
    assert len(writer.asked) == 7


def test_the_late_articles_of_an_answer_are_written_too(pipeline):
    def of_late():
        page = pipeline.ask("coach says cup goal", 10)
        return methods(page)[ids(page).index("X1")]

    pipeline.add([row("X1", body="The coach says a new goal. " * 2)])
    assert of_late() == "original"
    assert pipeline.write_missing()[:3] == (10, 10, 0) and of_late() == "own"
    pipeline.add([row("X1", body="The team wins a new match. " * 2)])
    assert of_late() == "original", "a text belongs to what it was written of"


def test_a_withdrawn_article_is_not_written_and_its_text_goes_with_the_next_writing(pipeline, room):
    first, second = ids(pipeline.run("stranger", 2))
    pipeline.withdraw([first])
    assert pipeline.write_missing()[:2] == (1, 1)
    pipeline.withdraw([second])
    pipeline.run("stranger", 1)
    pipeline.write_missing()
    assert second not in read_table(room.late_texts, STORIES)["news_id"].to_pylist()


@pytest.mark.parametrize("stop_at", [1, 2, 3])
def test_a_killed_writer_loses_no_block_and_writes_nothing_half(pipeline, room, own, writer, monkeypatch, stop_at):
    monkeypatch.setattr(edition_stories, "BLOCK", 2)
    pipeline.run("stranger", 6)
    writer.stop_at = stop_at
    with pytest.raises(KeyboardInterrupt):
        pipeline.write_missing()
    assert methods(pipeline.run("stranger", 6)) == ["original"] * 6 and not room.late_texts.exists()
    done, writer.stop_at = len(writer.asked), 99
    assert done == 2 * (stop_at - 1)
    assert Pipeline.open(room.path, own).write_missing()[:3] == (6, 6 - done, 0)
    assert methods(pipeline.run("stranger", 6)) == ["own"] * 6
    assert len(writer.asked) == len(set(writer.asked)) == 6, "no article was drafted twice"


def test_a_text_that_the_gate_refused_is_not_drafted_again(pipeline, writer):
    writer.is_true = False
    pipeline.run("stranger", 3)
    assert pipeline.write_missing()[:3] == (3, 3, 0) and len(writer.asked) == 3
    page = pipeline.run("stranger", 3)
    assert set(methods(page)) <= {"original", "extract"}
    assert all(check.startswith("own ") and "not yet" not in check for check in page.stories["checks"][0].as_py())
    assert pipeline.write_missing().line == "3 stories wanted by pages: 0 written now, 3 known, 0 left"
    assert len(writer.asked) == 3


def test_the_next_build_writes_what_is_noted_keeps_what_is_written_and_begins_new_notes(pipeline, room, own, writer):
    said = []
    new = ids(pipeline.run("stranger", 12))
    pipeline.write_missing()
    pipeline.ask("senate vote court", 12)
    before = len(writer.asked)
    build(room, ["fan"], say=said.append, own=own)
    (line,) = [line for line in said if line.startswith("late texts: ")]
    assert line.endswith(" 0 left") and len(writer.asked) == len(set(writer.asked)) > before
    opened = Pipeline.open(room.path, own)
    assert methods(opened.run("a third stranger", 12)) == ["own"] * 12 and ids(opened.run("x", 12)) == new
    assert methods(opened.ask("senate vote court", 12)) == ["own"] * 12
    assert not list(room.late_texts.parent.glob("wanted-*")) and not parts_of(room.late_texts).exists()


def test_a_text_that_no_page_of_an_edition_has_is_not_drafted_again_by_the_build(pipeline, room, own, writer):
    pipeline.run("voter", 5)
    pipeline.write_missing()
    before = set(writer.asked)
    build(room, ["voter"], own=own)
    assert before and len(writer.asked) == len(set(writer.asked)) > len(before)


def test_two_writers_are_never_at_work_at_once(pipeline, room):
    pipeline.run("stranger", 1)
    with (
        locked(room.late_texts.with_name(".lock")),
        pytest.raises(NewsroomError, match="another process is writing the texts that pages wanted"),
    ):
        pipeline.write_missing()


def test_a_damaged_table_of_late_texts_costs_its_texts_and_no_page(pipeline, room, caplog):
    pipeline.run("stranger", 2)
    pipeline.write_missing()
    room.late_texts.write_bytes(room.late_texts.read_bytes()[:-9] + b"123456789")
    assert methods(pipeline.run("stranger", 2)) == ["original"] * 2
    assert any("Pages show the edition's texts alone" in record.message for record in caplog.records)
    (problem,) = verify_newsroom(room)
    assert problem.startswith(f"{room.late_texts}: not a whole Arrow IPC file")


def test_a_pipe_or_a_file_in_the_place_of_late_texts_keeps_no_request_waiting(pipeline, room, own):
    folder = room.late_texts.parent
    folder.mkdir()
    os.mkfifo(room.late_texts)
    os.mkfifo(folder / f"wanted-{room.current().name}.txt")
    assert methods(Pipeline.open(room.path, own).run("stranger", 2)) == ["original"] * 2
    (problem,) = verify_newsroom(room)
    assert problem.startswith(f"{room.late_texts}: not a whole Arrow IPC file")
    shutil.rmtree(folder)
    folder.write_text("a file in the folder's place")
    assert methods(Pipeline.open(room.path, own).run("stranger", 2)) == ["original"] * 2


def test_without_a_writer_nothing_is_noted(opened, room):
    page = opened.run("stranger", 5)
    assert page.stories["checks"].to_pylist() == [[]] * 5 and not room.late_texts.parent.exists()
    assert opened.write_missing()[:3] == (0, 0, 0)


def test_the_command_says_what_it_wrote(pipeline, room, command):
    names = ids(pipeline.run("stranger", 3))
    assert (room.late_texts.parent / f"wanted-{room.current().name}.txt").read_text().split() == names
    (room.path / "mine.py").write_text("def write(prompts, job):\n    return [None] * len(prompts)\n")
    code, out, _ = command("write", room.path)
    assert (code, out) == (0, "3 stories wanted by pages: 0 written now, 3 known, 0 left\n")
