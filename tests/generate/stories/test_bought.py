"""Drafting ends in a build whose drafts are hardly ever kept; a test says of which articles they are kept."""

import pytest

from broadsheet.generate import StoryWriter, generate_files
from broadsheet.generate.stories.bought import TRIAL, Bought
from broadsheet.generate.stories.budget import Budget
from broadsheet.generate.stories.edition_stories import stories_to_write, write_trial
from broadsheet.generate.stories.missing_drafts import NO_BUDGET, lacks_a_draft
from broadsheet.importers.rows import content_hash
from broadsheet.newsroom import Edition
from broadsheet.tables.arrow_files import from_rows, read_table, write_table
from broadsheet.tables.files import parts_of
from broadsheet.tables.schemas import NEWS, RANKED, STORIES

COUNT = 60
MODEL = "0123456789abcdef"
TRUE, FALSE = "The bridge was closed on Monday after the storm.", "Anna Berg died in Ghent in 1999."


@pytest.fixture
def edition(tmp_path):
    """Sixty articles on the page of one reader; N0 comes first."""
    edition, news, ranked = Edition(tmp_path / "edition"), [], []
    for number in range(COUNT):
        texts = {"title": f"Bridge {number} shut", "abstract": "", "body": f"{TRUE} Bridge {number} is old."}
        news.append({**texts, "news_id": f"N{number}", "content_hash": content_hash(*texts.values(), "")})
        place = {"rank": number + 1, "popularity": 1 - number / 100}
        ranked.append({"user_id": "a", "news_id": f"N{number}", **place, "score": 1.0, "fused": 1.0, "reason": ""})
    empty = dict.fromkeys(["category", "subcategory", "language", "source", "url"], "")
    write_table(edition.news, from_rows([row | empty for row in news], NEWS), NEWS)
    write_table(edition.ranked, from_rows(ranked, RANKED), RANKED)
    return edition


class Drafts:
    """Drafts a true sentence for some articles and a false one for all others, and stops at a call as Ctrl-C does."""

    def __init__(self, true, stop_at=99):
        self.true, self.stop_at, self.articles = {f"Bridge {number} shut" for number in true}, stop_at, []

    def __call__(self, prompts, **_):
        self.stop_at -= 1
        if not self.stop_at:
            raise KeyboardInterrupt
        titles = [f"Bridge {prompt.split('Bridge ')[1].split()[0]} shut" for prompt in prompts]
        self.articles += titles
        return [[TRUE if title in self.true else FALSE] for title in titles]


def stories_of(drafts):
    return StoryWriter(drafts, method="gpt", model=MODEL, k=COUNT, headlines="publisher")


def budget_of(out, least=0.15):
    return Budget(parts_of(out), bought=Bought(parts_of(out), model=MODEL, least=least))


def written(edition, drafts, out=None, **options):
    out = out or edition.stories
    made = generate_files(stories_of(drafts), edition, out, budget=budget_of(out), **options)
    return made, read_table(out, STORIES)


def test_drafting_stops_after_a_trial_that_bought_too_little_and_the_build_says_so(edition, caplog):
    drafts = Drafts(true=[3, 40])
    (line, counts), stories = written(edition, drafts)
    assert drafts.articles == [f"Bridge {number} shut" for number in range(TRIAL)]
    assert lacks_a_draft(stories, NO_BUDGET).tolist() == [False] * 16 + [True] * 44
    assert [method["summary"] for method in stories["method"].to_pylist()] == [
        "gpt" if number == 3 else "extract" for number in range(COUNT)
    ]
    assert "articles not drafted: 44; 0 taken over; drafting for 16 articles took " in line
    assert line.endswith(
        "gave 0 headlines and 1 summary; drafting stopped there, since 1 of 16 articles kept a draft "
        "(generate.least_kept)"
    )
    assert (counts["beyond_budget"], counts["drafted_summaries"]) == (44, 1)
    assert not caplog.records, "what a default build does each night is no warning"


@pytest.mark.parametrize(
    "true, drafted", [([0, 1], 16), ([0, 1, 2], 32), ([0, 1, 2, 20, 21], 48), ([0, 1, 2, 20, 21, 40, 41, 42], 60)]
)
def test_a_writer_whose_drafts_are_kept_goes_on_and_is_judged_after_each_block(edition, true, drafted):
    # Too few are 2 of 16, 3 of 32 and 5 of 48; enough are 3 of 16, 5 of 32 and 8 of 48.
    drafts = Drafts(true)
    (line, _), _ = written(edition, drafts)
    assert len(drafts.articles) == drafted and ("stopped" in line) == (drafted < COUNT)


def test_the_next_night_tries_the_next_articles_and_keeps_what_was_refused(edition, tmp_path):
    written(edition, Drafts(true=[]))
    drafts = Drafts(true=[])
    _, stories = written(edition, drafts, tmp_path / "next.arrow", known=[edition.stories])
    assert drafts.articles == [f"Bridge {number} shut" for number in range(16, 32)]
    assert lacks_a_draft(stories, NO_BUDGET).tolist() == [False] * 32 + [True] * 28


@pytest.mark.parametrize("stop_at", [1, 2, 3])
def test_a_build_that_was_stopped_judges_as_if_it_had_not_been(edition, tmp_path, stop_at):
    true, whole = [0, 1, 2], tmp_path / "whole.arrow"
    written(edition, Drafts(true), whole)
    with pytest.raises(KeyboardInterrupt):
        written(edition, Drafts(true, stop_at=stop_at)) if stop_at < 3 else interrupt(edition, true)
    drafts = Drafts(true)
    (_, _), stories = written(edition, drafts)
    assert len(drafts.articles) == {1: 32, 2: 16, 3: 0}[stop_at]
    assert stories.equals(read_table(whole, STORIES))


def interrupt(edition, true):
    """Stop a build after it judged that drafts buy too little, before its table is written."""
    ranked, news = read_table(edition.ranked, RANKED), read_table(edition.news, NEWS)
    write, budget = stories_of(Drafts(true)), budget_of(edition.stories)
    blocks = stories_to_write(write, ranked, news, edition.stories)
    for _ in range(2):
        part = write(ranked.take(blocks.pop(0)), news)
        number = len(list(parts_of(edition.stories).glob("*.arrow")))
        write_table(parts_of(edition.stories) / f"{number:06d}.arrow", part, STORIES)
        budget.count()
    assert budget.is_spent() and not budget.is_used_up()
    raise KeyboardInterrupt


def test_a_trial_writes_the_first_blocks_alone_and_none_if_there_is_no_bound(edition):
    for least, drafted in ((0.0, 0), (0.15, 16)):
        drafts = Drafts(true=range(COUNT))
        write_trial(stories_of(drafts), edition, edition.stories, budget=budget_of(edition.stories, least))
        assert len(drafts.articles) == drafted
        parts = len(list(parts_of(edition.stories).glob("*.arrow")))
        assert parts == drafted // 16


def test_texts_of_another_model_and_drafts_without_an_answer_say_nothing_of_this_writer(edition):
    news = read_table(edition.news, NEWS)
    ranked = read_table(edition.ranked, RANKED)
    other = StoryWriter(Drafts(true=[]), method="gpt", model="another", k=COUNT, headlines="publisher")
    silent = stories_of(lambda prompts, **_: [[] for _ in prompts])
    for number, writer in enumerate((other, silent)):
        write_table(parts_of(edition.stories) / f"{number:06d}.arrow", writer(ranked, news), STORIES)
    bought = Bought(parts_of(edition.stories), model=MODEL, least=1.0)
    assert (bought.drafted, bought.kept, bought.is_too_little()) == (0, 0, False)
    (parts_of(edition.stories) / "000002.arrow").write_bytes(b"cut off")
    bought.look()
    assert bought.drafted == 0
