"""The stage: ranked articles in, a headline and a summary for each reader out.

A text is chosen once for an article's content and an interest, however many readers share both. It is kept from night
to night under both, and under the names of prompts, gates, choice and model. The interest only chooses among drafts;
the prompts do not name it. A headline prompt that named the interest, tried in three wordings, put it into 4 to 7 of 40
drafts of SmolLM2-135M whose articles do not mention it. So a personal text is no less true than any other.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import ConfigError, ContractError
from broadsheet.generate.gate.facts import GATE
from broadsheet.generate.gate.tone import TONE
from broadsheet.generate.stories import jobs
from broadsheet.generate.stories.choice import Chooser, Question
from broadsheet.generate.stories.drafts import Draft, Drafts, begins_refused, headlines, summaries, telling_sentences
from broadsheet.generate.stories.known_texts import Asked, Key, key_of, known_texts
from broadsheet.generate.stories.missing_drafts import NO_BUDGET, NOT_YET
from broadsheet.generate.text.articles import articles_of, first_ranks, first_sentences, source_text
from broadsheet.generate.writers.writer import Write
from broadsheet.tables.arrow_files import empty, from_rows
from broadsheet.tables.schemas import STORIES

_SHORTENED = 1
"How many sentences of the lead are shortened to a headline, by leaving words out."
EXTRACTS = 60
"""Most stories of a page for which a request makes extracts; beyond, a story has the publisher's abstract or title."""

Headlines = Literal["publisher", "best", "personal"]
"""Which headline an article gets: the publisher's where there is one, the best draft, or the best for an interest."""

Interest = Callable[[Sequence[str], Sequence[str]], Sequence[str]]
"""Ids of readers and an article's id for each reader, to the reader's interest in each article: a word such as
"football", or empty if the reader follows nothing in it."""


class StoryWriter:
    """Writes the headline and the summary of each reader's first `k` articles.

    `write` drafts texts for prompts, or is None for the publisher's own words. `method` (gpt, t5, endpoint or own) and
    `model` (a fingerprint) name the writer in the table. `drafts` is the number of drafts of a headline. `choose`
    chooses among the drafts that passed the gates; without it the first of these is taken. If no draft is written or
    passes, the story gets an extract or the publisher's words, and its `checks` say why. `drafting` False asks `write`
    for no draft, and `checks` say `not yet`. A summary has at most `summary_words` words, but a publisher's abstract is
    never cut. `headlines` "publisher" drafts a headline only for an article without a title; "best" chooses among
    drafts and the publisher's headline, whoever reads; "personal" chooses for each interest.
    """

    def __init__(
        self,
        write: Write | None,
        *,
        method: str = "original",
        model: str = "",
        k: int = 10,
        summary_words: int = 45,
        drafts: int = 1,
        choose: Chooser | None = None,
        drafting: bool = True,
        headlines: Headlines = "personal",
    ) -> None:
        if k < 1 or summary_words < 1 or drafts < 1:
            raise ConfigError(
                f"StoryWriter: found k={k}, summary_words={summary_words} and drafts={drafts}, expected 1 or more of "
                "each."
            )
        self.k, self.model = k, model if write else ""
        self._write, self._method, self._summary_words, self._count = write, method, summary_words, drafts
        self._choose, self._drafting, self._headlines = choose, drafting, headlines
        names = [jobs.HEADLINE, jobs.SUMMARY, f"words-{summary_words}", f"drafts-{drafts}", GATE, TONE]
        names += [choose.name] if choose else []
        names += [] if headlines == "personal" else [f"headlines-{headlines}"]
        self._prompt = " ".join(names) if write else ""

    def __call__(
        self,
        ranked: pa.Table,
        news: pa.Table,
        *,
        known: pa.Table | None = None,
        interest: Interest | None = None,
        reader_waits: bool = False,
        spent: bool = False,
    ) -> pa.Table:
        """Return the STORIES of a RANKED table, in its order, rows beyond rank k left out.

        `news` is a NEWS table. `known` is an earlier STORIES table, whose texts are taken over if content, interest,
        prompts, choice and model are the same. With `reader_waits`, a text that was chosen for another interest is
        taken over too, rather than written anew. With `spent`, the budget is used up and nothing is drafted: a story
        without an earlier text gets an extract or the publisher's words, and its `checks` say so. Raises ContractError
        if an article is not in `news`.
        """
        rows = first_ranks(ranked, self.k)
        if not len(rows):
            return empty(STORIES)
        asked, of_row = self.asked(rows, news, interest)
        texts = self._known_texts(known, asked, any_interest=reader_waits)
        missing = {key_of(one): one[0] for one in asked if key_of(one) not in texts}
        near = frozenset(first_ranks(rows, EXTRACTS)["news_id"].to_pylist()) if reader_waits else None
        texts |= self._written_texts(missing, spent=spent, near=near)
        stories = from_rows([self._story(one, texts[key_of(one)]) for one in asked], STORIES)
        return _for_readers(stories.take(pa.array(of_row)), rows)

    def asked(
        self, ranked: pa.Table, news: pa.Table, interest: Interest | None = None
    ) -> tuple[list[Asked], npt.NDArray[np.int64]]:
        """Return the distinct pairs of article and interest of a RANKED table, and for each row the place of its pair.

        Pairs of one article stand together. Raises ContractError if an article is not in `news`.
        """
        ids = pc.unique(ranked["news_id"])
        articles = articles_of(news, ids.to_pylist())
        places = np.asarray(pc.index_in(ranked["news_id"], value_set=ids), np.int64)
        interests = [""]
        is_personal = self._headlines == "personal" and self._choose is not None and self._write is not None
        if interest is not None and is_personal:
            found = interest(ranked["user_id"].to_pylist(), ranked["news_id"].to_pylist())
            names, of_name = np.unique(np.array(found, np.str_), return_inverse=True)
            # One number for each pair: article 2 and interest 1 of 3 interests are 2 * 3 + 1 = 7.
            interests, places = names.tolist(), places * len(names) + of_name
        codes, of_row = np.unique(places, return_inverse=True)
        size = len(interests)
        return [(articles[code // size], interests[code % size]) for code in codes.tolist()], of_row

    def lacks(self, asked: Sequence[Asked], known: pa.Table, *, any_interest: bool = False) -> npt.NDArray[np.bool_]:
        """Return for each pair of article and interest whether the STORIES table `known` has no text for it.

        With `any_interest`, a text that was chosen for another interest counts too.
        """
        have = self._known_texts(known, asked, any_interest=any_interest)
        return np.array([key_of(one) not in have for one in asked], bool)

    def _story(self, asked: Asked, text: Mapping[str, Any]) -> dict[str, Any]:
        article, interest = asked
        named = {"model": self.model, "prompt": self._prompt, "interest": interest}
        about = {"news_id": article["news_id"], "content_hash": article["content_hash"]}
        return {"user_id": "", "rank": 0, **about, **text, **named}

    def _known_texts(
        self, known: pa.Table | None, asked: Sequence[Asked], *, any_interest: bool = False
    ) -> dict[Key, Mapping[str, Any]]:
        """Return the texts that an earlier table has, by key; without a writer none are needed, so it returns none."""
        if known is None or self._write is None:
            return {}
        return known_texts(known, asked, self.model, self._prompt, any_interest=any_interest)

    def _written_texts(
        self, missing: Mapping[Key, Mapping[str, Any]], *, spent: bool, near: Set[str] | None
    ) -> dict[Key, Mapping[str, Any]]:
        """Draft texts for each article, or for none if the budget is `spent`, and choose a draft for each interest.

        If `near` is given, articles of other ids get no extract.
        """
        articles = {content: article for (content, _), article in missing.items()}
        untitled = {content: article for content, article in articles.items() if not self._keeps_title(article)}
        method, words = self._method, self._summary_words
        headline_drafts = {content: headlines(article, None, method) for content, article in articles.items()} | {
            content: headlines(article, drafts, method)
            for content, article, drafts in self._drafted(jobs.HEADLINE, untitled, spent=spent)
        }
        summary_drafts = {
            content: summaries(article, drafts, method, words if near is None or article["news_id"] in near else 0)
            for content, article, drafts in self._drafted(jobs.SUMMARY, articles, spent=spent)
        }
        lacks, why = spent or not self._drafting, NO_BUDGET if spent else NOT_YET
        of_headline, of_summary = ([f"{method} {job}: {why}"] * lacks for job in ("headline", "summary"))
        unasked = {content: [*(of_headline if content in untitled else []), *of_summary] for content in articles}
        of_jobs = ((jobs.HEADLINE, headline_drafts), (jobs.SUMMARY, summary_drafts))
        best = (self._chosen(job, drafts_of, missing) for job, drafts_of in of_jobs)
        return {
            key: {
                "headline": headline.text,
                "summary": summary.text,
                "method": {"headline": headline.method, "summary": summary.method},
                "checks": [*unasked[key[0]], *headline_drafts[key[0]].refused, *summary_drafts[key[0]].refused],
            }
            for key, headline, summary in zip(missing, *best, strict=True)
        }

    def _keeps_title(self, article: Mapping[str, Any]) -> bool:
        """Whether an article keeps the publisher's headline, so that no headline is drafted for it."""
        return self._headlines == "publisher" and bool(article["title"].strip())

    def _drafted(
        self, job: str, articles: Mapping[str, Mapping[str, Any]], *, spent: bool
    ) -> Iterator[tuple[str, Mapping[str, Any], Sequence[str] | None]]:
        """Yield each article's content hash, the article, and its drafts of a job; None if no draft was asked for."""
        drafts: Sequence[Sequence[str] | None] = [None] * len(articles)
        if self._write is not None and self._drafting and articles and not spent:
            prompts = [_prompt(job, article) for article in articles.values()]
            is_headline = job == jobs.HEADLINE
            about = list(articles.values())
            to_shorten = [telling_sentences(article)[:_SHORTENED] for article in about] if is_headline else None
            drafts = self._write(
                prompts,
                job=jobs.KINDS[job],
                count=self._count if is_headline else 1,
                most_tokens=jobs.MOST_TOKENS[job],
                sentences=to_shorten,
                is_refused=None if is_headline else lambda place, text: self._is_refused(about[place], text),
            )
        if len(drafts) != len(articles):
            raise ContractError(
                f"writer: found {len(drafts)} lists of drafts, expected {len(articles)}: a list for each prompt."
            )
        for (content, article), written in zip(articles.items(), drafts, strict=True):
            yield content, article, written

    def _is_refused(self, article: Mapping[str, Any], beginning: str) -> bool:
        return begins_refused(beginning, article, self._summary_words)

    def _chosen(self, job: str, made: Mapping[str, Drafts], missing: Mapping[Key, Mapping[str, Any]]) -> list[Draft]:
        """Return the best draft of a job for each article and interest, among the drafts of the article."""
        best = jobs.BEST_HEADLINE_WORDS if job == jobs.HEADLINE else self._summary_words * jobs.BEST_SHARE
        drafts = [made[content] for content, _ in missing]
        places = [0] * len(drafts)
        if self._choose is not None:
            asked = [number for number, one in enumerate(drafts) if len(one.passed) > 1]
            about = list(missing.items())
            questions = [_question(job, drafts[number], *about[number], best) for number in asked]
            for number, place in zip(asked, self._choose(questions), strict=True):
                places[number] = place
        return [one.passed[place] for one, place in zip(drafts, places, strict=True)]


def _question(job: str, drafts: Drafts, key: Key, article: Mapping[str, Any], best: float) -> Question:
    text = jobs.lead(job, source_text(article))
    lead = first_sentences(article) if job == jobs.HEADLINE else ()
    return Question(
        drafts.passed, text, _prompt(job, article), best, interest=key[1], sentences=lead, written=drafts.written
    )


def _for_readers(stories: pa.Table, rows: pa.Table) -> pa.Table:
    for name in ("user_id", "rank"):
        stories = stories.set_column(stories.column_names.index(name), STORIES.field(name), rows[name])
    return stories.cast(STORIES)


def _prompt(job: str, article: Mapping[str, Any]) -> str:
    return jobs.prompt(job, article["title"], source_text(article))
