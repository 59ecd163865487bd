"""Texts that an edition lacks: no request waits for a model, and what a night writes for readers whom nobody knows."""

from broadsheet.generate.stories import story_writer
from broadsheet.nightly.verify import verify_edition
from broadsheet.pipeline import Pipeline
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import STORIES


def of_new_readers(edition):
    rows = read_table(edition.stories, STORIES).to_pylist()
    return [row for row in rows if not row["user_id"]]


def test_the_night_writes_the_page_that_a_new_reader_gets(written):
    rows = of_new_readers(written.current())
    page = Pipeline.open(written.path).run("stranger", 5)
    assert page.kind == "new" and [row["rank"] for row in rows] == [1, 2, 3, 4, 5]
    for name in ("news_id", "headline", "summary", "method", "checks"):
        assert page.stories[name].to_pylist() == [row[name] for row in rows]
    assert {row["model"] for row in rows} == {Pipeline.open(written.path).bench.models.writer.model}
    assert verify_edition(written.current()) == []


def test_no_request_waits_for_a_model_on_this_machine_however_long_the_page_is(written):
    opened = Pipeline.open(written.path)
    pages = [opened.run("stranger", 20), opened.run("voter", 20), opened.ask("a new election", 20)]
    assert opened.bench.models.writer._loaded is None, "the model is not even loaded"
    known = {row["news_id"] for row in read_table(written.current().stories, STORIES).to_pylist()}
    for page in pages:
        late = [row for row in page.stories.to_pylist() if row["news_id"] not in known]
        not_yet = ["gpt headline: not yet", "gpt summary: not yet"]
        assert late and all(row["headline"] == row["title"] and row["checks"] == not_yet for row in late)


def test_a_long_page_costs_no_more_extracts_than_a_page_of_sixty_stories(written, monkeypatch):
    monkeypatch.setattr(story_writer, "EXTRACTS", 8)
    page = Pipeline.open(written.path).run("stranger", 20).stories.to_pylist()
    known = {row["news_id"] for row in read_table(written.current().stories, STORIES).to_pylist()}
    assert {row["method"]["summary"] for row in page[8:] if row["news_id"] not in known} == {"original"}
    assert all(row["summary"] for row in page)
