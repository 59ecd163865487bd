"""A night's budget of drafts, by a tiny real writer and a clock that a test sets."""

import itertools
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.generate import StoryWriter, generate_files, load_writer
from broadsheet.generate.stories import edition_stories as files
from broadsheet.generate.stories.budget import NIGHT, Budget
from broadsheet.generate.stories.edition_stories import stories_to_write
from broadsheet.generate.stories.missing_drafts import NO_BUDGET, lacks_a_draft
from broadsheet.tables.arrow_files import from_rows, read_table, write_table
from broadsheet.tables.files import part_path, parts_of
from broadsheet.tables.schemas import RANKED, STORIES

LACKING = ["gpt headline: no budget", "gpt summary: no budget"]
pytestmark = pytest.mark.usefixtures("blocks_of_one_article")


@pytest.fixture(scope="module")
def model(gpt):
    return load_writer(str(gpt))


class Asked:
    """The tiny writer, which notes the prompts, and stops the run at a call as Ctrl-C does."""

    def __init__(self, model, stop_at=99):
        self.model, self.prompts, self.stop_at = model, [], stop_at

    def __call__(self, prompts, **options):
        self.stop_at -= 1
        if not self.stop_at:
            raise KeyboardInterrupt
        self.prompts += prompts
        return self.model(prompts, **options)

    @property
    def articles(self):
        """The articles asked for, in order."""
        names = {"Arsenal": "n1", "Veltra": "n2", "A title alone": "n3"}
        said = [next(names[name] for name in names if name in prompt) for prompt in self.prompts]
        return list(dict.fromkeys(said))


def stories_of(asked):
    return StoryWriter(asked, method="gpt", model=asked.model.model)


def a_minute_a_count():
    return map((60.0).__mul__, itertools.count()).__next__


def budget_of(out, **bounds):
    return Budget(parts_of(out), clock=a_minute_a_count(), **bounds)


def checks_by_article(path):
    rows = read_table(path, STORIES).to_pylist()
    return {row["news_id"]: row["checks"] for row in rows}


def rank_of(*rows):
    columns = ("user_id", "news_id", "rank", "popularity")
    rest = {"score": 1.0, "fused": 1.0, "reason": ""}
    return from_rows([dict(zip(columns, row, strict=True)) | rest for row in rows], RANKED)


def test_what_is_on_most_pages_is_written_first_then_what_is_popular_then_by_id(model, news):
    writer = stories_of(Asked(model))
    pages = rank_of(("a", "n3", 1, 0.1), ("a", "n2", 2, 0.9), ("b", "n3", 1, 0.1), ("a", "n1", 3, None))
    blocks = stories_to_write(writer, pages, news, out=files.Path("none"))
    assert [pages["news_id"][row].as_py() for (row,) in blocks] == ["n3", "n2", "n1"]
    equal = rank_of(("a", "n3", 1, 0.5), ("a", "n2", 2, 0.5), ("a", "n1", 3, 0.5))
    blocks = stories_to_write(writer, equal, news, out=files.Path("none"))
    assert [equal["news_id"][row].as_py() for (row,) in blocks] == ["n1", "n2", "n3"]


def test_pages_count_only_the_ranks_that_are_told(model, news):
    pages = rank_of(("a", "n1", 1, 0.0), ("a", "n2", 2, 0.0), ("b", "n3", 1, 0.0), ("b", "n2", 2, 0.0))
    writer = StoryWriter(Asked(model), method="gpt", model=model.model, k=1)
    assert stories_to_write(writer, pages, news, out=files.Path("none")) == [[0], [2]]


def test_once_the_minutes_are_spent_the_rest_has_the_words_of_an_unwritten_story(edition, ranked, news, model, caplog):
    asked, out = Asked(model), edition.stories
    line, _ = generate_files(stories_of(asked), edition, out, budget=budget_of(out, minutes=2))
    assert asked.articles == ["n1", "n2"]
    found, plain = read_table(out, STORIES), StoryWriter(None)(ranked, news)
    left = found["news_id"].to_numpy() == "n3"
    assert (lacks_a_draft(found, NO_BUDGET) == left).all() and checks_by_article(out)["n3"] == LACKING
    for column in ("headline", "summary", "method"):
        assert found.filter(left)[column].equals(plain.filter(left)[column])
    assert "articles beyond the budget: 1; 0 taken over" in line
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert warning.getMessage().startswith("Stories: the budget of 2 minutes is spent before 1 articles")
    assert sorted(path.name for path in edition.path.iterdir()) == ["news.arrow", "ranked.arrow", "stories.arrow"]


def test_the_next_night_writes_what_the_budget_did_not_reach_and_nothing_else(edition, tmp_path, model, caplog):
    generate_files(stories_of(Asked(model)), edition, edition.stories, budget=budget_of(edition.stories, minutes=2))
    asked, out, whole = Asked(model), tmp_path / "next.arrow", tmp_path / "whole.arrow"
    caplog.clear()
    line, _ = generate_files(stories_of(asked), edition, out, known=[edition.stories], budget=budget_of(out, minutes=2))
    assert asked.articles == ["n3"] and "budget" not in line and not caplog.records
    generate_files(stories_of(Asked(model)), edition, whole)
    assert read_table(out, STORIES).equals(read_table(whole, STORIES))


def test_tokens_are_those_that_the_writer_read_and_wrote(edition, tmp_path, gpt):
    model = load_writer(str(gpt))
    ((draft,),) = model(["A prompt"])
    assert model.spent_tokens >= len(model.tokens.prompt("A prompt")) + len(model.tokens.text(draft)) > 0
    out, before, counted = edition.stories, model.spent_tokens, {"tokens_of": lambda: model.spent_tokens}
    asked = Asked(model)
    generate_files(stories_of(asked), edition, out, budget=budget_of(out, tokens=1, **counted))
    assert asked.articles == ["n1"] and model.spent_tokens > before
    one = model.spent_tokens - before
    asked, other = Asked(model), tmp_path / "other.arrow"
    generate_files(stories_of(asked), edition, other, budget=budget_of(other, tokens=one + 1, **counted))
    assert asked.articles == ["n1", "n2"], "the budget ends with the block at which it is reached"


def test_a_run_stopped_between_blocks_is_gone_on_with_what_it_had_left_and_makes_the_same_table(
    edition, tmp_path, model
):
    out, whole = edition.stories, tmp_path / "whole.arrow"
    generate_files(stories_of(Asked(model)), edition, whole)
    for stop_at, written in ((3, ["n1"]), (1, [])):
        asked = Asked(model, stop_at=stop_at)
        with pytest.raises(KeyboardInterrupt):
            generate_files(stories_of(asked), edition, out, budget=budget_of(out, minutes=5))
        assert not out.exists() and asked.articles == written
    spent = json.loads((parts_of(out) / "spent.json").read_text())
    assert spent["seconds"] == 180.0, "the blocks that were stopped count too"
    asked = Asked(model)
    generate_files(stories_of(asked), edition, out, budget=budget_of(out, minutes=5))
    assert asked.articles == ["n2", "n3"]
    assert read_table(out, STORIES).equals(read_table(whole, STORIES)) and not parts_of(out).exists()


def test_a_run_that_was_stopped_with_its_budget_spent_drafts_no_more(edition, model):
    out = edition.stories
    with pytest.raises(KeyboardInterrupt):
        generate_files(stories_of(Asked(model, stop_at=3)), edition, out, budget=budget_of(out, minutes=2))
    asked = Asked(model)
    line, _ = generate_files(stories_of(asked), edition, out, budget=budget_of(out, minutes=2))
    assert asked.articles == [] and "articles beyond the budget: 2; 0 taken over; drafting for 1 article" in line
    assert [news_id for news_id, checks in checks_by_article(out).items() if LACKING[0] not in checks] == ["n1"]


def test_parts_of_another_order_are_kept_beside_those_of_this_run(edition, ranked, model):
    out = edition.stories
    with pytest.raises(KeyboardInterrupt):
        generate_files(stories_of(Asked(model, stop_at=3)), edition, out)
    other = [("a", "n3", 1, 0.9), ("a", "n2", 2, 0.5), ("a", "n1", 3, 0.1)]
    write_table(edition.ranked, rank_of(*other), RANKED)
    with pytest.raises(KeyboardInterrupt):
        generate_files(stories_of(Asked(model, stop_at=3)), edition, out)
    assert [part_path(parts_of(out), number).is_file() for number in (0, 1, 2)] == [True, True, False]
    write_table(edition.ranked, ranked, RANKED)
    asked = Asked(model)
    generate_files(stories_of(asked), edition, out)
    assert asked.articles == ["n2"]


def test_what_was_spent_in_another_night_is_not_counted(tmp_path):
    times = iter([1000.0, 1000.0, 1000.0 + NIGHT - 1, 1000.0 + 2 * NIGHT])
    first = Budget(tmp_path, minutes=1, clock=a_minute_a_count(), now=lambda: next(times))
    first.count()
    assert first.is_spent()
    assert Budget(tmp_path, minutes=1, now=lambda: next(times)).is_spent()
    assert not Budget(tmp_path, minutes=1, now=lambda: next(times)).is_spent()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"seconds": -1, "tokens": 9, "time": 0}',
        '{"seconds": NaN, "tokens": 9, "time": 0}',
        '{"seconds": 99, "tokens": Infinity, "time": 0}',
        '{"seconds": 99, "tokens": 9, "time": NaN}',
        '{"seconds": null, "tokens": 9, "time": 0}',
        "\udce9",
    ],
)
def test_a_damaged_count_is_none(tmp_path, text):
    (tmp_path / "spent.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    budget = Budget(tmp_path, minutes=1, tokens=1, clock=lambda: 0.0, now=lambda: 0.0)
    assert not budget.is_spent()
    budget.count(1)
    assert budget.is_spent()


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 500), st.booleans()), max_size=12))
def test_a_budget_counts_the_same_whether_its_process_is_killed_or_not(tmp_path_factory, counts):
    folder, clock, told = tmp_path_factory.mktemp("budget"), [0.0], [0]
    spent_seconds = spent_tokens = 0

    def opened():
        return Budget(folder, minutes=5, tokens=2000, tokens_of=lambda: told[0], clock=lambda: clock[0])

    budget = opened()
    for seconds, tokens, killed in counts:
        clock[0] += seconds
        told[0] += tokens
        budget.count(7)
        spent_seconds, spent_tokens = spent_seconds + seconds, spent_tokens + tokens + 7
        budget = opened() if killed else budget
        assert budget.is_spent() == (spent_seconds >= 300 or spent_tokens >= 2000)
    assert str(budget) == "5 minutes and 2000 tokens"


def test_without_bounds_nothing_is_ever_spent(tmp_path):
    budget = Budget(tmp_path, clock=a_minute_a_count())
    budget.count(10**12)
    assert not budget.is_spent()
