from threading import Event

import pyarrow as pa
import pytest

from broadsheet.generate import EndpointWriter, StoryWriter, generate_files
from broadsheet.generate.stories.missing_drafts import answered
from broadsheet.tables.arrow_files import empty, read_table
from broadsheet.tables.schemas import STORIES
from tests.generate.endpoint_server import DOWN, always, said, serving, writer_of
from tests.generate.stories.test_story_writer import HEADLINE, SUMMARY, row


def good(server, prompt):
    return said(HEADLINE if "ten words" in prompt else SUMMARY)


def stories_of(writer, **settings):
    return StoryWriter(writer, method=writer.method, model=writer.model, **settings)


def test_a_draft_of_an_endpoint_is_held_by_the_gate_as_any_draft(ranked, news):
    with serving(good) as server:
        stories = stories_of(writer_of(server.url))(ranked, news)
    assert row(stories, "u1", "n1")["method"] == {"headline": "endpoint", "summary": "endpoint"}
    assert row(stories, "u1", "n2")["method"] == {"headline": "extract", "summary": "extract"}
    assert "endpoint headline: name Arsenal" in row(stories, "u1", "n2")["checks"]


@pytest.mark.parametrize("answer", [DOWN, (200, b"rubbish", {}), said(None), (302, b"", {})])
def test_a_whole_page_comes_without_the_endpoint_with_extracts(ranked, news, answer):
    with serving(always(answer)) as server:
        stories = stories_of(writer_of(server.url, retries=0))(ranked, news)
    plain = StoryWriter(None)(ranked, news)
    for column in ("headline", "summary", "method"):
        assert stories[column].equals(plain[column])
    assert row(stories, "u1", "n2")["method"]["summary"] == "extract"
    lacking = ["endpoint headline: no answer", "endpoint summary: no answer"]
    assert stories["checks"].to_pylist() == [lacking] * len(stories)


def test_the_next_night_tries_again_what_failed_and_takes_the_rest_over(edition, tmp_path):
    dead = Event()
    dead.set()

    def answer(server, prompt):
        return DOWN if dead.is_set() and "Arsenal" in prompt else good(server, prompt)

    with serving(answer) as server:
        settings = {"retries": 0, "timeout_seconds": 5.0}
        first = generate_files(stories_of(EndpointWriter(server.url, "m", **settings)), edition, edition.stories)
        assert "articles without an answer: 1; 0 taken over; drafting for 3 articles" in first.line
        assert len(server.requests) == 6  # what failed is not asked for twice in one night
        dead.clear()
        out = tmp_path / "next.arrow"
        again = stories_of(EndpointWriter(server.url, "m", **settings))
        line = generate_files(again, edition, out, known=[edition.stories]).line
        assert all("Arsenal" in prompt for prompt in server.prompts[6:]) and len(server.requests) == 8
    assert row(read_table(out, STORIES), "u1", "n1")["method"] == {"headline": "endpoint", "summary": "endpoint"}
    assert "; 2 taken over; drafting for 1 article took" in line and "without" not in line


def test_only_the_rows_that_lack_a_draft_are_not_answered(ranked, news):
    stories = StoryWriter(None)(ranked, news)
    checks = [["endpoint headline: no answer"], [], ["gpt summary: claim he said: no answer"], ["endpoint headline: x"]]
    checks.append(["a: b", "endpoint summary: no answer"])
    place, kind = STORIES.names.index("checks"), STORIES.field("checks")
    table = stories.set_column(place, kind, pa.array(checks, kind.type))
    assert answered(table)["checks"].to_pylist() == checks[1:4]
    assert answered(table.slice(3))["checks"].to_pylist() == checks[3:4]
    assert len(answered(empty(STORIES))) == 0
