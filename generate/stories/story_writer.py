"""The stage: ranked articles in, a headline and a summary for each reader out.

Texts are chosen for an article's content and an interest, however many readers share both, and kept from night to
night under these and the names of prompts, gate, choice and model. A model drafts without knowing of the interest,
which only chooses: named in the headline's prompt, in three wordings, it passed into 4 to 7 of 40 drafts of
SmolLM2-135M whose articles do not speak of it. So what is personal is never less true.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

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
from broadsheet.generate.stories.missing_drafts import NO_BUDGET
from broadsheet.generate.text.articles import articles_of, first_ranks, first_sentences, source_text
from broadsheet.generate.writers.writer import Write
from broadsheet.tables.arrow_files import empty, from_rows
from broadsheet.tables.schemas import STORIES

_SHORTENED = 1
"How many sentences of the lead the writer makes a headline of, by leaving words out."
_TEXTS = ("headline", "summary", "method", "checks")

Interest = Callable[[Sequence[str], Sequence[str]], Sequence[str]]
"""Ids of readers, and one article's id for each, to what the reader follows of the article, in words; empty for
nothing."""
Asked = tuple[Mapping[str, Any], str]
"""An article and an interest, which a text is asked for."""
Key = tuple[str, str]
"""The article's content hash and the interest: a text is kept under both."""


class StoryWriter:
    """Writes the headline and the summary of each reader's first `k` articles.

    `write` drafts texts for prompts, or is None for the publisher's own words; `method` (gpt, t5 or endpoint) and
    `model` (a fingerprint) say whose drafts they are, `drafts` how many of each there are. `choose` chooses between
    those that passed; without it the first is taken. A draft that could not be had leaves the words that an unwritten
    story has, and `checks` say so. A summary has at most `summary_words` words, but an abstract is never cut.
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
    ) -> None:
        if k < 1 or summary_words < 1 or drafts < 1:
            raise ConfigError(
                f"StoryWriter: found k={k}, summary_words={summary_words} and drafts={drafts}, expected 1 or more of "
                "each."
            )
        self.k, self.model = k, model if write else ""
        self._write, self._method, self._summary_words, self._count = write, method, summary_words, drafts
        self._choose, self._drafting = choose, drafting
        names = [jobs.HEADLINE, jobs.SUMMARY, f"words-{summary_words}", f"drafts-{drafts}", GATE, TONE]
        self._prompt = " ".join([*names, *([choose.name] if choose else [])]) if write else ""

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

        `news` is a NEWS table; `known` an earlier STORIES table, whose texts are taken over where content, interest,
        prompts, choice and model are the same. Where a `reader_waits`, a text that was chosen for another interest is
        taken over too, rather than written anew. Where the budget is `spent`, nothing is drafted: a missing text is
        that of an unwritten story, and its `checks` say so. Raises ContractError if an article is not in `news`.
        """
        rows = first_ranks(ranked, self.k)
        if not len(rows):
            return empty(STORIES)
        asked, of_row = self.asked(rows, news, interest)
        texts = self._known_texts(known, asked, reader_waits=reader_waits)
        missing = {key_of(one): one[0] for one in asked if key_of(one) not in texts}
        texts |= self._written_texts(missing, spent=spent)
        stories = from_rows([self._story(one, texts[key_of(one)]) for one in asked], STORIES)
        return _for_readers(stories.take(pa.array(of_row)), rows)

    def asked(
        self, ranked: pa.Table, news: pa.Table, interest: Interest | None = None
    ) -> tuple[list[Asked], npt.NDArray[np.int64]]:
        """Return the distinct articles and interests of a RANKED table, and for each row which of them it is.

        Those of one article stand together. Raises ContractError if an article is not in `news`.
        """
        ids = pc.unique(ranked["news_id"])
        articles = articles_of(news, ids.to_pylist())
        places = np.asarray(pc.index_in(ranked["news_id"], value_set=ids), np.int64)
        interests = [""]
        if interest is not None and self._choose is not None and self._write is not None:
            found = interest(ranked["user_id"].to_pylist(), ranked["news_id"].to_pylist())
            names, of_name = np.unique(np.array(found, np.str_), return_inverse=True)
            interests, places = names.tolist(), places * len(names) + of_name
        codes, of_row = np.unique(places, return_inverse=True)
        size = len(interests)
        return [(articles[code // size], interests[code % size]) for code in codes.tolist()], of_row

    def lacks(self, asked: Sequence[Asked], known: pa.Table) -> npt.NDArray[np.bool_]:
        """Return for each article and interest whether the STORIES table `known` lacks a text that can be used."""
        have = self._known_texts(known, asked)
        return np.array([key_of(one) not in have for one in asked], bool)

    def _story(self, asked: Asked, text: Mapping[str, Any]) -> dict[str, Any]:
        article, interest = asked
        named = {"model": self.model, "prompt": self._prompt, "interest": interest}
        about = {"news_id": article["news_id"], "content_hash": article["content_hash"]}
        return {"user_id": "", "rank": 0, **about, **text, **named}

    def _known_texts(
        self, known: pa.Table | None, asked: Sequence[Asked], *, reader_waits: bool = False
    ) -> dict[Key, Mapping[str, Any]]:
        """Return the texts that an earlier table has, by key; the publisher's own words need no keeping."""
        if known is None or self._write is None:
            return {}
        keys = set(map(key_of, asked))
        same = pc.and_(pc.equal(known["model"], self.model), pc.equal(known["prompt"], self._prompt))
        wanted = pa.array({content for content, _ in keys}, pa.string())
        kept = known.filter(pc.and_(same, pc.is_in(known["content_hash"], value_set=wanted)))
        joined = pc.binary_join_element_wise(kept["content_hash"], kept["interest"], " ")
        _, first = np.unique(joined.to_numpy(zero_copy_only=False).astype(np.str_), return_index=True)
        rows = kept.take(pa.array(first)).select(["content_hash", "interest", *_TEXTS]).to_pylist()
        found = {(row["content_hash"], row["interest"]): {name: row[name] for name in _TEXTS} for row in rows}
        others = {content: text for (content, _), text in reversed(found.items())} if reader_waits else {}
        chosen = {key: found.get(key, others.get(key[0])) for key in keys}
        return {key: text for key, text in chosen.items() if text is not None}

    def _written_texts(self, missing: Mapping[Key, Mapping[str, Any]], *, spent: bool) -> dict[Key, Mapping[str, Any]]:
        """Draft each article once, or not at all, and choose for each interest."""
        articles = {content: article for (content, _), article in missing.items()}
        method, words = self._method, self._summary_words
        told = {
            content: headlines(article, drafts, method)
            for content, article, drafts in self._drafted(jobs.HEADLINE, articles, spent=spent)
        }
        summed = {
            content: summaries(article, drafts, method, words)
            for content, article, drafts in self._drafted(jobs.SUMMARY, articles, spent=spent)
        }
        unasked = [f"{method} {job}: {NO_BUDGET}" for job in ("headline", "summary")] if self._write and spent else []
        best = (self._chosen(job, made, missing) for job, made in ((jobs.HEADLINE, told), (jobs.SUMMARY, summed)))
        return {
            key: {
                "headline": headline.text,
                "summary": summary.text,
                "method": {"headline": headline.method, "summary": summary.method},
                "checks": [*unasked, *told[key[0]].refused, *summed[key[0]].refused],
            }
            for key, headline, summary in zip(missing, *best, strict=True)
        }

    def _drafted(
        self, job: str, articles: Mapping[str, Mapping[str, Any]], *, spent: bool
    ) -> Iterator[tuple[str, Mapping[str, Any], Sequence[str] | None]]:
        """Yield each article, by its content, with the drafts of a job; with None if no writer is asked."""
        drafts: Sequence[Sequence[str] | None] = [None] * len(articles)
        if self._write is not None and self._drafting and articles and not spent:
            prompts = [_prompt(job, article) for article in articles.values()]
            is_headline = job == jobs.HEADLINE
            told = [telling_sentences(article)[:_SHORTENED] for article in articles.values()] if is_headline else None
            about = list(articles.values())
            drafts = self._write(
                prompts,
                job=jobs.KINDS[job],
                count=self._count if is_headline else 1,
                most_tokens=jobs.MOST_TOKENS[job],
                sentences=told,
                is_refused=None if is_headline else lambda place, text: self._is_refused(about[place], text),
            )
        if len(drafts) != len(articles):
            raise ContractError(
                f"writer: found drafts for {len(drafts)} prompts, expected some for each of {len(articles)}."
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
    told = first_sentences(article) if job == jobs.HEADLINE else ()
    return Question(
        drafts.passed, text, _prompt(job, article), best, interest=key[1], sentences=told, written=drafts.written
    )


def key_of(asked: Asked) -> Key:
    """Return the key that a text is kept under."""
    return asked[0]["content_hash"], asked[1]


def _for_readers(stories: pa.Table, rows: pa.Table) -> pa.Table:
    for name in ("user_id", "rank"):
        stories = stories.set_column(stories.column_names.index(name), STORIES.field(name), rows[name])
    return stories.cast(STORIES)


def _prompt(job: str, article: Mapping[str, Any]) -> str:
    return jobs.prompt(job, article["title"], source_text(article))
