"""Which encoder reads a newsroom's articles if its settings name none: by the language of the articles.

The first build decides by the majority. Later builds keep its decision until nearly all articles are in the other kind
of language, so that a newsroom of two languages does not get new vectors every few nights.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from broadsheet.config.retrieval import BY_LANGUAGE
from broadsheet.config.settings import Config
from broadsheet.errors import AssetError, NewsroomError
from broadsheet.models.loading import resolve
from broadsheet.models.trained_folder import stands
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import NEWS

FOR_ENGLISH, FOR_OTHERS = "asset:minilm", "asset:e5"
READS = "reads"
"The key of a manifest under which the choice of its build lies."
_SAMPLE, _POOL, _LEAST = 1000, 60, 20
"""Articles that are looked at, words of the texts that are joined, and least words of the last of them."""
_ENGLISH = frozenset(
    "the and that with from this his they their which would been were by it its are who what has of to you your how "
    "after will not when why about could".split()
)
_ENGLISH_SHARE = 0.035
"""A text with a smaller share of these words is not English. Of the headlines of MIND they are 0.13, of Danish 0.00."""
_MAJORITY, _NEARLY_ALL = 0.5, 0.9
_ENGLISH_CODE = re.compile(r"en(g|glish)?([-_].*)?", re.IGNORECASE)
_UNKNOWN_CODES = frozenset({"", "und", "mul", "zxx", "mis"})


@dataclass(frozen=True)
class Reads:
    """The encoder that reads a newsroom's articles."""

    encoder: str
    "The settings' encoder, or the encoder that was chosen."
    english: bool = True
    "Whether the articles are in English, which the shipped cross-encoder reads."
    why: str = ""
    "A sentence for the operator on what was chosen and how to change it; empty if there is nothing to say."


class Told(NamedTuple):
    """In how many articles a language was told, and how many of them are in English."""

    english: int
    articles: int

    @property
    def share(self) -> float:
        """The share of English articles; 1 if no language was told."""
        return self.english / self.articles if self.articles else 1.0


def told_languages(news: pa.Table) -> Told:
    """Return how many of a sample of a NEWS table's articles are in English, by their column `language` or their words.

    Short texts are joined until they have 60 words, since English is told by its function words, which a title may
    lack.
    """
    rows = np.unique(np.linspace(0, max(len(news) - 1, 0), min(_SAMPLE, len(news))).astype(np.int64))
    articles = news.take(pa.array(rows)).select(["language", "title", "abstract", "body"]).to_pylist()
    english = told = 0
    for count, text in _joined([one for one in articles if one["language"].strip().lower() in _UNKNOWN_CODES]):
        told += count
        english += count * _in_english(text)
    codes = [code for one in articles if (code := one["language"].strip().lower()) not in _UNKNOWN_CODES]
    return Told(english + sum(bool(_ENGLISH_CODE.fullmatch(code)) for code in codes), told + len(codes))


def _in_english(text: str) -> bool:
    from broadsheet.generate.text.language import is_latin
    from broadsheet.generate.text.words import fold, words

    spoken = [fold(word) for word in words(text)]
    return is_latin(text) and sum(word in _ENGLISH for word in spoken) >= _ENGLISH_SHARE * len(spoken)


def _joined(articles: list[dict[str, Any]]) -> Iterator[tuple[int, str]]:
    """Yield texts of at least 60 words, each with the number of joined articles; the last may be shorter."""
    from broadsheet.generate.text.language import is_latin

    waiting: list[str] = []
    words = 0
    for one in articles:
        text = f"{one['title']}\n{one['abstract']}\n{one['body'][:2000]}"
        if not is_latin(text):  # needs no words: no other script has English
            yield 1, text
            continue
        waiting.append(text)
        words += len(text.split())
        if words >= _POOL:
            yield len(waiting), "\n".join(waiting)
            waiting, words = [], 0
    if words >= _LEAST:
        yield len(waiting), "\n".join(waiting)


def choose_encoder(newsroom: Newsroom, config: Config, news: pa.Table) -> Reads:
    """Return what the next edition is read with, by its NEWS table `news` and by what the current edition decided.

    An encoder that the settings name is kept, and so is the encoder of towers that were trained here. Raises AssetError
    if multilingual-e5-small was chosen and is not fetched.
    """
    told, before = told_languages(news), _recorded(newsroom)
    english = _is_english(told, None if before is None else before.english)
    named = _named(newsroom, config)
    chosen = Reads(named or (FOR_ENGLISH if english else FOR_OTHERS), english)
    chosen = replace(chosen, why=_why(chosen, told, chosen_here=not named))
    if not named:
        try:
            resolve(chosen.encoder)
        except AssetError as error:
            raise AssetError(f"{newsroom.path}: {' '.join(filter(None, (chosen.why, str(error))))}") from error
    return chosen


def standing(newsroom: Newsroom, config: Config) -> Reads:
    """Return what the current edition was read with; without one, what `choose_encoder` says of the corpus.

    Requests and trainings use it, so that they agree with the edition until the next build. An encoder that the
    settings name comes first.
    """
    before = _recorded(newsroom, of_any_version=True)
    if before is None:
        news = read_table(newsroom.news, NEWS) if newsroom.news.is_file() else NEWS.empty_table()
        return choose_encoder(newsroom, config, news)
    return as_settings_say(newsroom, config, before)


def as_settings_say(newsroom: Newsroom, config: Config, built: Reads) -> Reads:
    """Return an edition's choice, with the encoder that the settings or towers trained here name, if they name one."""
    return replace(built, encoder=_named(newsroom, config) or built.encoder)


def from_manifest(manifest: dict[str, Any]) -> Reads:
    """Return what an edition was read with; editions of earlier versions say their encoder alone."""
    return Reads(**manifest[READS]) if READS in manifest else Reads(manifest["models"]["encoder"])


def for_manifest(reads: Reads) -> dict[str, Any]:
    """Return a choice as a manifest holds it under `READS`."""
    return asdict(reads)


def _recorded(newsroom: Newsroom, *, of_any_version: bool = False) -> Reads | None:
    with suppress(NewsroomError):
        manifest = newsroom.current().read_manifest()
        if of_any_version or READS in manifest:
            return from_manifest(manifest)
    return None


def _named(newsroom: Newsroom, config: Config) -> str:
    """Return the encoder that the settings or trained towers name; empty if the articles' language decides."""
    from broadsheet.retrieval.towers.trained import read_card

    settings = config.retrieval
    if settings.encoder != BY_LANGUAGE:
        return settings.encoder
    if settings.towers == "untrained" or (settings.towers == "auto" and not stands(newsroom.towers)):
        return ""
    folder = newsroom.towers if settings.towers == "auto" else Path(settings.towers).expanduser()
    return str(read_card(folder).get("base", ""))


def _is_english(told: Told, before: bool | None) -> bool:
    if not told.articles and before is not None:
        return before
    if before is None:
        return told.share >= _MAJORITY
    nearly_all = _NEARLY_ALL * told.articles
    return told.articles - told.english < nearly_all if before else told.english >= nearly_all


def _why(reads: Reads, told: Told, *, chosen_here: bool) -> str:
    share = f"{told.share:.0%} of the articles are in English"
    change = "To choose another encoder, set `encoder` in section [retrieval] of broadsheet.toml"
    if not reads.english:
        left_out = "the cross-encoder that comes with the package reads English and is not used"
        if not chosen_here:
            return f"encoder: {reads.encoder}, as it is named; {share}, so {left_out}."
        size = "multilingual-e5-small, a hundred languages, 91 MB, MIT licence"
        return f"encoder: {reads.encoder} ({size}), since {share}; {left_out}. {change}."
    if chosen_here and told.share < _NEARLY_ALL:
        return f"encoder: {reads.encoder}, which reads English; {share}. {change}; asset:e5 reads a hundred languages."
    return ""
