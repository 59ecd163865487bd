"""The stage: ranked articles in, a headline and a summary for each reader out.

A text is written once for an article's content, an interest and the names of prompts, gate and model, however many
readers share it. A draft that the fact gate refuses is replaced: a headline by the publisher's, a summary by an
extract, else by the publisher's abstract. A draft that could not be had leaves the publisher's words, or an extract
where there are none. The interest is left empty: named in the headline's prompt, in three wordings, it passed into 4 to
7 of 40 drafts of SmolLM2-135M whose articles do not speak of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import ConfigError, ContractError
from broadsheet.generate import jobs
from broadsheet.generate.extract import extract
from broadsheet.generate.facts import GATE, check
from broadsheet.generate.words import sentences, without_dateline
from broadsheet.generate.writers import Writer
from broadsheet.schemas import STORIES
from broadsheet.tables import empty, from_rows

_ARTICLE = ("news_id", "title", "abstract", "body", "content_hash")
_TEXTS = ("headline", "summary", "method", "checks")
_NO_ANSWER = "no answer"


@dataclass(frozen=True)
class _Text:
    text: str
    method: str
    checks: tuple[str, ...]


class StoryWriter:
    """Writes the headline and the summary of each reader's first `k` articles.

    `write` drafts one text for each prompt, or is None for the publisher's own words; `method` (gpt, t5 or endpoint)
    and `model` (a fingerprint) say whose drafts they are. A draft that could not be had leaves the words that an
    unwritten story has. A summary has at most `summary_words` words, but an abstract is never cut.
    """

    def __init__(
        self,
        write: Writer | None,
        *,
        method: str = "original",
        model: str = "",
        k: int = 10,
        summary_words: int = 45,
    ) -> None:
        if k < 1 or summary_words < 1:
            raise ConfigError(
                f"StoryWriter: found k={k} and summary_words={summary_words}, expected 1 or more of each."
            )
        self.k, self.model = k, model if write else ""
        self._write, self._method, self._summary_words = write, method, summary_words
        self._prompt = f"{jobs.HEADLINE} {jobs.SUMMARY} words-{summary_words} {GATE}" if write else ""

    def __call__(self, ranked: pa.Table, news: pa.Table, *, known: pa.Table | None = None) -> pa.Table:
        """Return the STORIES of a RANKED table, in its order, rows beyond rank k left out.

        `news` is a NEWS table; `known` an earlier STORIES table, whose texts are taken over where content, interest,
        prompts and model are the same. Raises ContractError if an article is not in `news`.
        """
        rows = first_ranks(ranked, self.k)
        if not len(rows):
            return empty(STORIES)
        ids = pc.unique(rows["news_id"])
        articles = articles_of(news, ids.to_pylist())
        contents = {article["content_hash"]: article for article in articles}
        texts = self._known_texts(known, contents)
        texts |= self._written_texts([article for content, article in contents.items() if content not in texts])
        stories = from_rows([self._story(article, texts[article["content_hash"]]) for article in articles], STORIES)
        return _for_readers(stories.take(pc.index_in(rows["news_id"], value_set=ids)), rows)

    def lacks(self, ranked: pa.Table, news: pa.Table, *, known: pa.Table) -> npt.NDArray[np.bool_]:
        """Return for each row of a RANKED table whether the STORIES table `known` lacks a text that can be used."""
        articles = articles_of(news, ranked["news_id"].to_pylist())
        hashes = [article["content_hash"] for article in articles]
        have = self._known_texts(known, dict.fromkeys(hashes))
        return np.array([content not in have for content in hashes], bool)

    def _story(self, article: Mapping[str, Any], text: Mapping[str, Any]) -> dict[str, Any]:
        named = {"model": self.model, "prompt": self._prompt, "interest": "", "content_hash": article["content_hash"]}
        return {"user_id": "", "rank": 0, "news_id": article["news_id"], **text, **named}

    def _known_texts(self, known: pa.Table | None, contents: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        """Return the texts that an earlier table has, by content hash; the publisher's own words need no keeping."""
        if known is None or self._write is None:
            return {}
        same = pc.and_(pc.equal(known["model"], self.model), pc.equal(known["prompt"], self._prompt))
        same = pc.and_(same, pc.equal(known["interest"], ""))
        kept = known.filter(
            pc.and_(same, pc.is_in(known["content_hash"], value_set=pa.array(list(contents), pa.string())))
        )
        _, first = np.unique(kept["content_hash"].to_numpy(zero_copy_only=False), return_index=True)
        return {row["content_hash"]: {name: row[name] for name in _TEXTS} for row in kept.take(first).to_pylist()}

    def _written_texts(self, articles: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
        headlines = self._drafts(jobs.HEADLINE, articles)
        summaries = self._drafts(jobs.SUMMARY, articles)
        texts: dict[str, Mapping[str, Any]] = {}
        for article, headline_draft, summary_draft in zip(articles, headlines, summaries, strict=True):
            headline, summary = self._headline(article, headline_draft), self._summary(article, summary_draft)
            texts[article["content_hash"]] = {
                "headline": headline.text,
                "summary": summary.text,
                "method": {"headline": headline.method, "summary": summary.method},
                "checks": [*headline.checks, *summary.checks],
            }
        return texts

    def _drafts(self, job: str, articles: Sequence[Mapping[str, Any]]) -> Sequence[str | None]:
        if self._write is None or not articles:
            return [None] * len(articles)
        drafts = self._write([jobs.prompt(job, article["title"], _text(article)) for article in articles])
        if len(drafts) != len(articles):
            raise ContractError(
                f"writer: found {len(drafts)} drafts, expected one for each of {len(articles)} prompts."
            )
        return drafts

    def _headline(self, article: Mapping[str, Any], draft: str | None) -> _Text:
        title = article["title"]
        if draft is None:
            return _Text(title, "original", self._unanswered("headline"))
        headline = jobs.tidy_headline(draft)
        if jobs.repeats(headline, title):
            return _Text(title, "original", ())
        problems = jobs.headline_form(headline) + check(headline, whole_text(article))
        if not problems:
            return _Text(headline, self._method, ())
        return _Text(title, "original", self._refused("headline", problems))

    def _summary(self, article: Mapping[str, Any], draft: str | None) -> _Text:
        if draft is None:
            own = _Text(article["abstract"], "original", self._unanswered("summary"))
            return own if own.text.strip() else self._own_summary(article, own.checks)
        kept, problems = self._passed(jobs.tidy_summary(draft), article)
        checks = self._refused("summary", problems)
        return _Text(kept, self._method, checks) if kept else self._own_summary(article, checks)

    def _passed(self, summary: str, article: Mapping[str, Any]) -> tuple[str, list[str]]:
        """Return the draft's sentences before the first that is refused or does not fit, and what was refused."""
        kept = ""
        for sentence in sentences(summary):
            longer = f"{kept} {sentence}".strip()
            problems = jobs.summary_form(longer, self._summary_words) or check(longer, whole_text(article))
            if not problems and jobs.repeats(longer, article["title"]):
                problems = ["only the title"]
            if problems:
                return kept, problems
            kept = longer
        return kept, [] if kept else ["empty"]

    def _own_summary(self, article: Mapping[str, Any], checks: tuple[str, ...]) -> _Text:
        abstract = article["abstract"]
        found = extract(article["title"], abstract, article["body"], self._summary_words)
        return (
            _Text(found, "extract", checks)
            if found and found != abstract.strip()
            else _Text(abstract, "original", checks)
        )

    def _unanswered(self, job: str) -> tuple[str, ...]:
        return self._refused(job, [_NO_ANSWER] if self._write else [])

    def _refused(self, job: str, problems: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"{self._method} {job}: {problem}" for problem in dict.fromkeys(problems))


def answered(stories: pa.Table) -> pa.Table:
    """Return the rows of a STORIES table without those of which a draft could not be had, to be asked for again."""
    checks = stories["checks"].combine_chunks()
    failed = pc.match_substring_regex(pc.list_flatten(checks), rf"^\w+ (headline|summary): {_NO_ANSWER}$")
    kept = np.ones(len(stories), bool)
    kept[pc.list_parent_indices(checks).filter(failed)] = False
    return stories.filter(pa.array(kept))


def first_ranks(ranked: pa.Table, k: int) -> pa.Table:
    """Return the rows of a RANKED table with rank 1 to k, in its order."""
    return ranked.filter(pc.less_equal(ranked["rank"], k))


def _for_readers(stories: pa.Table, rows: pa.Table) -> pa.Table:
    for name in ("user_id", "rank"):
        stories = stories.set_column(stories.column_names.index(name), STORIES.field(name), rows[name])
    return stories.cast(STORIES)


def articles_of(news: pa.Table, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return the articles of these ids, in the order of the ids."""
    found = news.select(list(_ARTICLE)).filter(pc.is_in(news["news_id"], value_set=pa.array(ids, pa.string())))
    articles = {row["news_id"]: row for row in found.to_pylist()}
    missing = [news_id for news_id in ids if news_id not in articles]
    if missing:
        shown = ", ".join(missing[:5]) + (" and others" if len(missing) > 5 else "")
        raise ContractError(
            f"table ranked: {len(missing)} articles are not in table news: {shown}. Rank again with this corpus."
        )
    return [articles[news_id] for news_id in ids]


def _text(article: Mapping[str, Any]) -> str:
    """Return the abstract and the body, the abstract left out where the body begins with it."""
    abstract, body = article["abstract"].strip(), without_dateline(article["body"]).strip()
    return body if body.startswith(abstract) else f"{abstract} {body}"


def whole_text(article: Mapping[str, Any]) -> str:
    """Return all that an article says, as the fact gate reads it."""
    return "\n".join((article["title"], article["abstract"], article["body"]))
