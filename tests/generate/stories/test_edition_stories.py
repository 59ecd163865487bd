import re

import pytest

from broadsheet.errors import ContractError
from broadsheet.generate import StoryWriter, generate_files
from broadsheet.tables.arrow_files import read_table, write_table
from broadsheet.tables.schemas import RANKED, STORIES
from tests.generate.conftest import rank

pytestmark = pytest.mark.usefixtures("blocks_of_one_article")


class Drafts:
    """A writer that stops the run at the given call, as Ctrl-C does."""

    def __init__(self, stop_at=99):
        self.calls, self.stop_at = 0, stop_at

    def __call__(self, prompts, *, job, count, most_tokens, sentences, is_refused):
        self.calls += 1
        if self.calls == self.stop_at:
            raise KeyboardInterrupt
        return [["Arsenal beat Chelsea 3-1 in the cup final."] * count for _ in prompts]


def stories_of(write):
    return StoryWriter(write, method="gpt", model="0123456789abcdef")


def test_the_file_holds_what_the_stage_returns(edition, ranked, news):
    line, counts = generate_files(stories_of(Drafts()), edition, edition.stories)
    assert (
        read_table(edition.stories, STORIES, model="0123456789abcdef").equals(
            stories_of(Drafts())(ranked, news).replace_schema_metadata()
        )
        or read_table(edition.stories, STORIES).to_pylist() == stories_of(Drafts())(ranked, news).to_pylist()
    )
    assert line.startswith("5 stories of 3 articles, headline extract: 1, headline gpt: 1, headline original: 1")
    assert re.search(r"; 0 taken over; drafting for 3 articles took \d+ s and gave 1 headline and 1 summary$", line)
    assert (counts["drafted_headlines"], counts["drafted_summaries"], counts["draft_tokens"]) == (1, 1, 0)
    assert sorted(path.name for path in edition.path.iterdir()) == ["news.arrow", "ranked.arrow", "stories.arrow"]


def test_an_interrupted_run_leaves_no_table_and_the_next_takes_its_texts_over(edition):
    with pytest.raises(KeyboardInterrupt):
        generate_files(stories_of(Drafts(stop_at=5)), edition, edition.stories)
    assert not edition.stories.exists()
    again = Drafts()
    generate_files(stories_of(again), edition, edition.stories)
    assert again.calls == 2
    assert not edition.stories.with_suffix(".parts").exists()


def test_a_part_that_is_cut_off_is_written_again(edition):
    with pytest.raises(KeyboardInterrupt):
        generate_files(stories_of(Drafts(stop_at=5)), edition, edition.stories)
    part = edition.stories.with_suffix(".parts") / "000000.arrow"
    part.write_bytes(part.read_bytes()[:100])
    again = Drafts()
    generate_files(stories_of(again), edition, edition.stories)
    assert again.calls == 4
    assert len(read_table(edition.stories, STORIES)) == 5


def test_texts_of_earlier_stories_are_taken_over(edition, tmp_path):
    generate_files(stories_of(Drafts()), edition, edition.stories)
    again = Drafts()
    missing = tmp_path / "missing.arrow"
    generate_files(stories_of(again), edition, tmp_path / "out.arrow", known=[missing, edition.stories])
    assert again.calls == 0
    assert read_table(tmp_path / "out.arrow", STORIES).equals(read_table(edition.stories, STORIES))


def test_no_ranked_articles_give_an_empty_table(edition):
    write_table(edition.ranked, rank(), RANKED)
    assert generate_files(stories_of(Drafts()), edition, edition.stories).line == "0 stories of 0 articles"
    assert len(read_table(edition.stories, STORIES)) == 0


def test_without_a_writer_no_parts_are_written(edition):
    generate_files(StoryWriter(None), edition, edition.stories)
    assert len(read_table(edition.stories, STORIES)) == 5


def test_a_broken_ranked_table_is_one_error(edition):
    edition.ranked.write_bytes(b"no table")
    with pytest.raises(ContractError, match=r"ranked\.arrow"):
        generate_files(stories_of(Drafts()), edition, edition.stories)
