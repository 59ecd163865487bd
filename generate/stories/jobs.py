"""The writer's jobs, headline and summary: their prompts, the tidying of a draft, and the form of a text."""

import re
from functools import cache
from importlib.resources import files

from broadsheet.generate.text.names import is_title_case
from broadsheet.generate.text.quotations import is_open_quote
from broadsheet.generate.text.words import CLOSERS, ENDS, clip, count, fold, sentences, words

HEADLINE = "headline-2"
SUMMARY = "summary-1"
"Names of the prompt files. A new wording gets the next number, because texts are kept from night to night by it."

HEADLINE_WORDS = 24
"Most words of a headline."
BEST_HEADLINE_WORDS = 12.0
BEST_SHARE = 0.7
"Best length of a summary, as a share of its most words."
MOST_TOKENS = {HEADLINE: 32, SUMMARY: 72}
"Most tokens of a draft."
KINDS = {HEADLINE: "headline", SUMMARY: "summary"}
"What a job makes, in the words of tables and reports."

_LEAST_WORDS = 4
_LEAD_WORDS = {HEADLINE: 45, SUMMARY: 130}
_MOST_CHARACTERS = 1200
_DANGLING = frozenset(
    "a an the of in on at to from by for with and or but as after before that who which is are was were be has "
    "have its their his her such known well same so much least".split()
)
_CLAUSE = re.compile(r"(?:,|,? (?:as|after|while|which|according to|amid|following)) ")
_VERBS = (
    "beat win won lose lost fall fell rise rose hit die kill cut set quit put find found see saw go went take "
    "took make made give gave get got come came leave left hold held meet met lead led face vote seek sought warn "
    "urge agree deny call fight fought sell sold buy bought build built send sent tell told keep kept begin began "
    "break broke run ran say said shot open close plan reach back raise join sign show help want need start stop "
    "end return grow grew drop lift ban sue launch unveil approve reject refuse accuse arrest charge discuss "
    "visit"
)
_VERB = re.compile(
    r"\b(?:to [a-z]{2,}|is|are|was|were|has|have|had|will|would|could|may|must|[a-z]{2,}ed"
    rf"|(?:{'|'.join(_VERBS.split())})(?:e?s)?)\b"
)
_POINTS_BACK = re.compile(r"^(?:it|this|that|these|those|he|she|they|you)\b|, (?:which|who)\b", re.IGNORECASE)
_PREAMBLE = re.compile(
    r"^(?:here(?:'s| is| are)[^:]*:|(?:sure|certainly)[^:]*:|(?:headline|summary|answer|what happened)\s*[:?])\s*",
    re.IGNORECASE,
)


@cache
def _template(name: str) -> str:
    return (files("broadsheet.generate.stories") / "prompts" / f"{name}.txt").read_text("utf-8").strip()


def prompt(name: str, title: str, text: str) -> str:
    """Return the prompt of a job, HEADLINE or SUMMARY, with the lead of an article's text in it.

    The prompt of a summary begins with the title, if there is one. The prompt of a headline has the title only if there
    is no text: a model that reads the publisher's headline repeats it, and a different one is wanted.
    """
    values = {"title": clip(title, 40)[:300].rstrip("."), "text": lead(name, text)}
    if name == HEADLINE:
        values["text"] = values["text"] or values["title"]
    template = _template(name) if values["title"] else _template(name).removeprefix("{title}. ")
    return re.sub(r"\{(title|text)\}", lambda match: values[match[1]], template)


def lead(name: str, text: str) -> str:
    """Return the beginning of an article's text, as much as a job's prompt has room for."""
    return clip(text, _LEAD_WORDS[name])[:_MOST_CHARACTERS]


def tidy_headline(draft: str) -> str:
    """Return a draft's first sentence without preamble, outer quotes and full stop.

    A sentence that is too long ends after the last clause that fits.
    """
    first = (sentences(_plain(draft)) or [""])[0]
    headline = _unquoted(first)
    if not re.search(r"\b(?:\w\.)+\w\.$", first):
        headline = re.sub(r"(?<=\w)[.。۔।]$", "", headline)
    if count(headline) > HEADLINE_WORDS:
        cut = [headline[: match.start()] for match in _CLAUSE.finditer(headline)]
        short = [start for start in cut if _LEAST_WORDS < count(start) <= HEADLINE_WORDS and has_verb(start)]
        headline = short[-1] if short else headline
    return headline[:1].upper() + headline[1:]


def tidy_summary(draft: str) -> str:
    """Return a draft without preamble, markdown, outer quotes and an unfinished last sentence."""
    whole = [sentence for sentence in sentences(_unquoted(_plain(draft))) if _is_ended(sentence)]
    return " ".join(whole)


def headline_form(headline: str) -> list[str]:
    """Return why a text cannot be a headline: its length, no verb, a loose end, or a word that points back."""
    problems = _length(headline, HEADLINE_WORDS)
    if not has_verb(headline) and not is_title_case(headline):
        problems.append("no sentence")
    if re.search(r"[?؟？]", headline):
        problems.append("question")
    if _POINTS_BACK.search(headline):
        problems.append("points back")
    last = (words(headline) or [""])[-1]
    if last.lower() in _DANGLING or headline.endswith((",", ":", ";", "-")) or is_open_quote(headline):
        problems.append("breaks off")
    return problems


def summary_form(summary: str, most_words: int) -> list[str]:
    """Return why a text cannot be a summary: its length, or sentences that are not whole."""
    problems = _length(summary, most_words)
    if summary and not all(
        _is_ended(sentence) and sentence.lstrip("\"'“‘")[:1].upper() == sentence.lstrip("\"'“‘")[:1]
        for sentence in sentences(summary)
    ):
        problems.append("breaks off")
    return problems


def has_verb(text: str) -> bool:
    """Whether a text has a verb, by its form or by a list. English only; some nouns that look like verbs count too."""
    return bool(_VERB.search(text))


def _length(text: str, most_words: int) -> list[str]:
    if count(text) < _LEAST_WORDS:
        return ["too short" if text else "empty"]
    return [f"too long: {count(text)} words"] if count(text) > most_words else []


def _is_ended(sentence: str) -> bool:
    return sentence.rstrip(CLOSERS).endswith(ENDS)


def _plain(draft: str) -> str:
    text = re.sub(r"[*_#`]{1,3}|^\s*[-•]\s+", "", draft.strip())
    return _PREAMBLE.sub("", " ".join(text.split()))


def _unquoted(text: str) -> str:
    for opening, closing in ('""', "''", "“”", "‘’"):
        if len(text) > 2 and text[0] == opening and text.rstrip(".")[-1:] == closing and opening not in text[1:-2]:
            return text.rstrip(".")[1:-1]
    return text


def repeats(text: str, title: str) -> bool:
    """Whether a text repeats the title, whatever its capitals and punctuation."""
    return [fold(word) for word in words(text)] == [fold(word) for word in words(title)]
