"""What is said of an edition's stories: how their texts were made, what the drafts cost and what they bought."""

import logging
from collections import Counter
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.generate.stories.bought import NOT_DRAFTED
from broadsheet.generate.stories.budget import Budget
from broadsheet.generate.stories.missing_drafts import NO_ANSWER, NO_BUDGET, lacks_a_draft

log = logging.getLogger(__name__)


class Made(NamedTuple):
    """What the stories of an edition are made of, and what drafting them cost."""

    line: str
    "How the texts were made and what drafts cost, in a line for people."
    counts: dict[str, int]
    "The numbers of that line by name."


def report(stories: pa.Table, before: pa.Table, model: str, budget: Budget) -> Made:
    """Say how many texts each method made, and what the drafts cost; `before` are the texts of earlier nights."""
    seconds, tokens = budget.spent
    made: dict[str, Counter[str]] = {"headline": Counter(), "summary": Counter()}
    columns = (stories[name].to_pylist() for name in ("news_id", "content_hash", "method"))
    texts = {news_id: (content, method) for news_id, content, method in zip(*columns, strict=True)}
    for _, method in texts.values():
        for job, counts in made.items():
            counts[method[job]] += 1
    newcomers = int(pc.sum(pc.equal(stories["user_id"], "")).as_py() or 0)
    more = f" and {newcomers} for new readers" if newcomers else ""
    said = [f"{len(stories) - newcomers} stories{more} of {len(texts)} articles"]
    said += [f"{job} {how}: {number}" for job, counts in made.items() for how, number in sorted(counts.items())]
    lacking = {why: _lacking(stories, why) for why in (NO_ANSWER, NO_BUDGET)}
    stops = budget.bought.is_too_little()
    names = {NO_ANSWER: "articles without an answer", NO_BUDGET: "articles beyond the budget"}
    names |= {NO_BUDGET: "articles not drafted"} if stops else {}
    said += [f"{names[why]}: {number}" for why, number in lacking.items() if number]
    numbers = {
        "stories": len(stories),
        "newcomers": newcomers,
        "articles": len(texts),
        "beyond_budget": lacking[NO_BUDGET],
    }
    if not model or not texts:
        return Made(", ".join(said), numbers)
    known = _written_before(stories, before)
    new = [method for content, method in texts.values() if content not in known]
    old, drafted = len(texts) - len(new), len(new) - lacking[NO_BUDGET]
    bought = {job: sum(method[job] not in NOT_DRAFTED for method in new) for job in made}
    numbers |= {"reused": old, "drafted_headlines": bought["headline"], "drafted_summaries": bought["summary"]}
    numbers |= {"draft_seconds": round(seconds), "draft_tokens": tokens}
    line = f"{', '.join(said)}; {old} taken over"
    if drafted <= 0:
        return Made(line, numbers)
    cost = f"{seconds:.0f} s" + (f" and {tokens:,} tokens" if tokens else "")
    kept = f"{_counted(bought['headline'], 'headline')} and {_counted(bought['summary'], 'summary')}"
    line += f"; drafting for {_counted(drafted, 'article')} took {cost} and gave {kept}"
    if stops and lacking[NO_BUDGET]:
        line += f"; drafting stopped there, since {budget.bought} articles kept a draft (generate.least_kept)"
    return Made(line, numbers)


def _counted(number: int, thing: str) -> str:
    """Return a number with its thing: 1 summary, 2 summaries."""
    return f"{number} {thing if number == 1 else f'{thing[:-1]}ies' if thing.endswith('y') else f'{thing}s'}"


def _written_before(stories: pa.Table, earlier: pa.Table) -> set[str]:
    """Return the contents whose texts the earlier table has, by the same model with the same prompts."""
    same = pc.and_(
        pc.is_in(earlier["model"], value_set=pc.unique(stories["model"])),
        pc.is_in(earlier["prompt"], value_set=pc.unique(stories["prompt"])),
    )
    known = pc.unique(earlier.filter(same)["content_hash"])
    contents = pc.unique(stories["content_hash"])
    return set(contents.filter(pc.is_in(contents, value_set=known)).to_pylist())


def _lacking(stories: pa.Table, why: str) -> int:
    """Return how many articles have a story that lacks a draft for the reason `why`."""
    return len(pc.unique(stories["news_id"].filter(pa.array(lacks_a_draft(stories, why)))))


def warn_of_the_rest(stories: pa.Table, budget: Budget) -> None:
    """Log how many articles were not drafted, if minutes or tokens were used up."""
    left = _lacking(stories, NO_BUDGET)
    if left and budget.is_used_up():
        log.warning(
            "Stories: the budget of %s is spent before %d articles on the fewest pages. They carry extracts or the "
            "publisher's words; the next build asks for them again.",
            budget,
            left,
        )
