"""The sentences of reasons in English, Danish, German and French, and what they can name.

A name in braces is a field of Evidence; a sentence is a reason if all names in its braces are known. A page takes the
next sentence once the first stands on it too often.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from string import Formatter
from typing import NamedTuple

from broadsheet.errors import ConfigError
from broadsheet.tables.schemas import SIGNALS

Sentences = tuple[str, ...]


class Evidence(NamedTuple):
    """The texts that the reason of an item can name; a text that is unknown is empty."""

    title: str = ""
    "Title of an article of the history that is like the item."
    profile: str = ""
    "The reader's own words on their interests, or the part of these words that is nearest to the item."
    name: str = ""
    "A person, place or body that the item's headline shares with headlines that the reader read."
    category: str = ""
    subcategory: str = ""
    source: str = ""
    day: str = ""
    "When the item was published, such as 1 May 2024."


class Language(NamedTuple):
    """The sentences of one language; a field with the name of a signal has the sentences of that signal."""

    read: str
    "For an item that is like an article read."
    asked: Sentences
    "For an item that is near to the reader's own words."
    of_name: str
    "For an item whose headline has a name of several headlines read."
    popularity: Sentences
    click_rate: Sentences
    trend: Sentences
    co_click: Sentences
    freshness: Sentences
    affinity: Sentences
    subcategory_affinity: Sentences
    source_affinity: Sentences
    widening: Sentences
    "For an item that nothing lifts."
    of_site: str
    "For a site's own signal without a sentence; {signal} is its name."
    day: str
    "How a day is written, in the codes of strftime."


_EN = Language(
    "Because you read “{title}”.",
    (
        "Because you asked for “{profile}”.",
        "Because you asked for “{profile}”: this is in “{category}”.",
        "Because you asked for “{profile}”: this is from {source}.",
    ),
    "Because you often read about “{name}”.",
    ("Because many readers opened it lately.", "Because it is much read in “{category}”."),
    ("Because many who saw it opened it.",),
    ("Because more and more readers open it.",),
    ("Because those who read what you read opened it.",),
    (
        "Because it is new: published on {day}.",
        "Because it is new in “{category}”.",
        "Because it is new from {source}.",
        "Because it is new in “{subcategory}”.",
        "Because it is new from {source}, in “{category}”.",
    ),
    ("Because you often read “{category}”.", "Because you often read “{category}”: this is from {source}."),
    ("Because you often read “{subcategory}”.",),
    ("Because you often read {source}.",),
    ("To widen the page: “{category}”.", "To widen the page: a story from {source}.", "To widen the page."),
    "Because of this site’s “{signal}”.",
    "%-d %B %Y",
)
_DA = Language(
    "Fordi du læste »{title}«.",
    (
        "Fordi du bad om »{profile}«.",
        "Fordi du bad om »{profile}«: dette er i »{category}«.",
        "Fordi du bad om »{profile}«: dette er fra {source}.",
    ),
    "Fordi du ofte læser om »{name}«.",
    ("Fordi mange læsere åbnede historien for nylig.", "Fordi historien er meget læst i »{category}«."),
    ("Fordi mange, der så historien, åbnede den.",),
    ("Fordi flere og flere læsere åbner historien.",),
    ("Fordi de, der læste det samme som du, åbnede historien.",),
    (
        "Fordi historien er ny: udgivet {day}.",
        "Fordi historien er ny i »{category}«.",
        "Fordi historien er ny fra {source}.",
        "Fordi historien er ny i »{subcategory}«.",
        "Fordi historien er ny fra {source}, i »{category}«.",
    ),
    ("Fordi du ofte læser »{category}«.", "Fordi du ofte læser »{category}«: dette er fra {source}."),
    ("Fordi du ofte læser »{subcategory}«.",),
    ("Fordi du ofte læser {source}.",),
    (
        "For at gøre siden bredere: »{category}«.",
        "For at gøre siden bredere: en historie fra {source}.",
        "For at gøre siden bredere.",
    ),
    "På grund af dette websteds »{signal}«.",
    "%-d.%-m.%Y",
)
_DE = Language(
    "Weil Sie „{title}“ gelesen haben.",
    (
        "Weil Sie sich „{profile}“ gewünscht haben.",
        "Weil Sie sich „{profile}“ gewünscht haben: aus „{category}“.",
        "Weil Sie sich „{profile}“ gewünscht haben: von {source}.",
    ),
    "Weil Sie oft über „{name}“ lesen.",
    ("Weil viele den Artikel zuletzt geöffnet haben.", "Weil der Artikel in „{category}“ viel gelesen wird."),
    ("Weil viele, die den Artikel sahen, ihn geöffnet haben.",),
    ("Weil immer mehr Menschen den Artikel öffnen.",),
    ("Weil Menschen, die dasselbe lesen wie Sie, den Artikel geöffnet haben.",),
    (
        "Weil der Artikel neu ist: erschienen am {day}.",
        "Weil der Artikel in „{category}“ neu ist.",
        "Weil der Artikel von {source} neu ist.",
        "Weil der Artikel in „{subcategory}“ neu ist.",
        "Weil der Artikel von {source} in „{category}“ neu ist.",
    ),
    ("Weil Sie oft „{category}“ lesen.", "Weil Sie oft „{category}“ lesen: von {source}."),
    ("Weil Sie oft „{subcategory}“ lesen.",),
    ("Weil Sie oft {source} lesen.",),
    (
        "Damit die Seite vielfältiger ist: „{category}“.",
        "Damit die Seite vielfältiger ist: ein Artikel von {source}.",
        "Damit die Seite vielfältiger ist.",
    ),
    "Wegen „{signal}“ auf dieser Website.",
    "%-d.%-m.%Y",
)
_FR = Language(
    "Parce que vous avez lu « {title} ».",
    (
        "Parce que vous avez demandé « {profile} ».",
        "Parce que vous avez demandé « {profile} » : cet article est dans « {category} ».",
        "Parce que vous avez demandé « {profile} » : cet article vient de {source}.",
    ),
    "Parce que vous lisez souvent des articles sur « {name} ».",
    ("Parce qu’il a été beaucoup ouvert récemment.", "Parce qu’il est très lu dans « {category} »."),
    ("Parce que beaucoup de ceux qui l’ont vu l’ont ouvert.",),
    ("Parce que de plus en plus de gens l’ouvrent.",),
    ("Parce que ceux qui lisent les mêmes articles que vous l’ont ouvert.",),
    (
        "Parce qu’il est nouveau : publié le {day}.",
        "Parce qu’il est nouveau dans « {category} ».",
        "Parce qu’il est nouveau chez {source}.",
        "Parce qu’il est nouveau dans « {subcategory} ».",
        "Parce qu’il est nouveau chez {source}, dans « {category} ».",
    ),
    (
        "Parce que vous lisez souvent « {category} ».",
        "Parce que vous lisez souvent « {category} » : cet article vient de {source}.",
    ),
    ("Parce que vous lisez souvent « {subcategory} ».",),
    ("Parce que vous lisez souvent {source}.",),
    (
        "Pour élargir la page : « {category} ».",
        "Pour élargir la page : un article de {source}.",
        "Pour élargir la page.",
    ),
    "À cause de « {signal} » sur ce site.",
    "%d/%m/%Y",
)
OFTEN = {"category": "affinity", "subcategory": "subcategory_affinity", "source": "source_affinity"}
"""The kinds of names that a reader may often read, each with the signal whose sentences say so."""
LANGUAGES: Mapping[str, Language] = {"en": _EN, "da": _DA, "de": _DE, "fr": _FR}
"""The sentences of each language, by the code of the language."""


def language_of(code: str) -> Language:
    """Return the sentences of a language by its code, such as da; those in English for a language without its own."""
    return LANGUAGES.get(code, _EN)


def sentences_of(language: Language) -> dict[str, Sentences]:
    """Return the sentences of each signal, the best first; a signal without a sentence is no reason."""
    of_signals = {name: said for name, said in language._asdict().items() if name in SIGNALS}
    of_the_reader = (language.read, *language.asked)
    return {**dict.fromkeys(("relevance", "attention", "two_tower"), of_the_reader), **of_signals, "unseen": ()}


def with_own_reasons(language: Language, own: Mapping[str, str]) -> dict[str, Sentences]:
    """Return the sentences of all signals, those of a site's own signals too; one without a sentence gets a plain one.

    Raises ConfigError for a sentence that names in braces what a reason cannot name.
    """
    known = Evidence._fields
    for name, sentence in own.items():
        try:
            unknown = [one for one in named_in(sentence) if one not in known]
        except ValueError as error:  # a brace that is not closed
            raise ConfigError(f"own signal {name}: reason {sentence!r}: {error}. Write braces in pairs.") from error
        if unknown:
            raise ConfigError(
                f"own signal {name}: reason {sentence!r} names {{{unknown[0]}}}; expected {', '.join(sorted(known))}."
            )
    plain = {name: language.of_site.format(signal=name.replace("_", " ")) for name in own}
    return {
        **sentences_of(language),
        **{name: (sentence, plain[name]) if sentence else (plain[name],) for name, sentence in own.items()},
    }


def known_sentences(sentences: Sequence[str], evidence: Evidence) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the sentences whose names in braces are all known, each with the key that reasons alike share.

    Two sentences are alike if they differ in the day alone: "published on 1 May" and "published on 2 May".
    """
    known = (one for one in sentences if all([evidence[name] for name in _fields_in(one)]))
    yield from ((key_of(sentence, evidence), sentence) for sentence in known)


def key_of(sentence: str, evidence: Evidence) -> tuple[str, ...]:
    """Return the key that reasons alike share: the sentence with what it names, apart from the day."""
    return sentence, *(evidence[name] for name in _fields_in(sentence) if name != _DAY)


@lru_cache(maxsize=1024)
def beginning_of(sentence: str, sentences: Sentences) -> str:
    """Return the sentence from which another sentence goes on, as by ": this is from {source}."; else itself."""
    return next((one for one in sentences if sentence != one and sentence.startswith(one[:-1])), sentence)


@lru_cache(maxsize=1024)  # the same few sentences are asked about for every item of every page
def named_in(sentence: str) -> tuple[str, ...]:
    """Return the names in braces of a sentence: `("source",)` for "Because you often read {source}."."""
    return tuple(name for _, name, _, _ in Formatter().parse(sentence) if name is not None)


_DAY = Evidence._fields.index("day")


@lru_cache(maxsize=1024)
def _fields_in(sentence: str) -> tuple[int, ...]:
    """Return the places in Evidence of the names in braces of a sentence."""
    return tuple(Evidence._fields.index(name) for name in named_in(sentence))
