"""What a headline or a summary can be: drafts that pass form, gate and tone, extracts, the publisher's own.

Every article here has been made `legible` where it was read, by `articles_of`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from broadsheet.generate.extracts.extract import extract, lead_sentences, stands_alone
from broadsheet.generate.gate.facts import check
from broadsheet.generate.gate.tone import tone_problems
from broadsheet.generate.stories import jobs
from broadsheet.generate.stories.cuts import cuts
from broadsheet.generate.stories.missing_drafts import NO_ANSWER
from broadsheet.generate.text.articles import source_text, whole_text
from broadsheet.generate.text.language import form_in_words, is_english
from broadsheet.generate.text.words import sentences
from broadsheet.text import one_line

_LEAD = 5
"Sentences of the lead that can become a headline."
_CUTS = 12
"Most ways in which a sentence is cut to a headline."
_FOR_GOOD = ("claim ", "name ", "number ", "date ")
"Kinds of problems that no continuation of a sentence can repair."


@dataclass(frozen=True)
class Draft:
    """A text that may be shown for an article."""

    text: str
    method: str
    "Whose words the text is in: gpt, t5, endpoint, extract or original."


@dataclass(frozen=True)
class Drafts:
    """All texts that may be shown for an article as its headline, or as its summary."""

    passed: tuple[Draft, ...]
    "The texts that passed, at least one: the model's in their order, then extracts, then the publisher's words."
    refused: tuple[str, ...]
    "What the gate refused of the model's drafts, such as `gpt headline: number 300`."
    written: tuple[str, ...] = ()
    "All that the model drafted, refused drafts included."


def headlines(article: Mapping[str, Any], written: Sequence[str] | None, method: str) -> Drafts:
    """Return the headlines that an article can have. The publisher's title is always among them.

    `written` are a model's drafts: None if no model was asked, empty if the model gave no draft.
    """
    own, passed, refused = Draft(article["title"], "original"), list[Draft](), _unanswered("headline", written, method)
    tidied = tuple(dict.fromkeys(map(jobs.tidy_headline, map(one_line, written or ()))))
    for headline in tidied:
        if jobs.repeats(headline, own.text):
            passed.append(own)
            continue
        problems = _headline_problems(headline, article)
        refused += [f"{method} headline: {problem}" for problem in problems]
        passed += [] if problems else [Draft(headline, method)]
    if written:
        passed += [Draft(headline, "extract") for headline in _headlines_of_lead(article)]
    passed += [own] if own.text.strip() or not passed else []
    return Drafts(_distinct(passed), tuple(dict.fromkeys(refused)), tuple(filter(None, tidied)))


def telling_sentences(article: Mapping[str, Any]) -> list[str]:
    """Return the sentences of the lead that can be understood alone, in their order: a headline can be made of them."""
    lead = lead_sentences(article["body"] if article["body"].strip() else article["abstract"])
    return [sentence for sentence in lead if stands_alone(sentence)][:_LEAD]


def _headlines_of_lead(article: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sentences of the lead that can be a headline; a sentence that is too long is cut in several ways."""
    for sentence in telling_sentences(article):
        for headline in dict.fromkeys([jobs.tidy_headline(sentence), *cuts(sentence, jobs.HEADLINE_WORDS, _CUTS)]):
            if not _headline_problems(headline, article):
                yield headline


def summaries(article: Mapping[str, Any], written: Sequence[str] | None, method: str, most_words: int) -> Drafts:
    """Return the summaries that an article can have, of at most `most_words` words; an abstract is never cut.

    The publisher's abstract is among them if there is no other summary. `written` is as in `headlines`.
    """
    passed, refused = list[Draft](), _unanswered("summary", written, method)
    tidied = tuple(dict.fromkeys(map(jobs.tidy_summary, map(one_line, written or ()))))
    for draft in tidied:
        kept, problems = _passed(draft, article, most_words)
        refused += [f"{method} summary: {problem}" for problem in problems]
        passed += [Draft(kept, method)] if kept else []
    abstract = one_line(article["abstract"])
    if written or not abstract.strip():
        found = one_line(extract(article["title"], article["abstract"], article["body"], most_words))
        passed += [Draft(found, "extract")] if found and found != abstract else []
    found_any = _distinct(passed) or (Draft(abstract, "original"),)
    return Drafts(found_any, tuple(dict.fromkeys(refused)), tuple(filter(None, tidied)))


def begins_refused(beginning: str, article: Mapping[str, Any], most_words: int) -> bool:
    """Whether a summary that begins like this can no longer be accepted, so that drafting it further is a waste.

    The last sentence may be unfinished: its last two words are ignored, and it is refused only for errors that no
    continuation can repair, such as a wrong name.
    """
    begun = sentences(one_line(beginning))
    if len(begun) > 1 and _passed(" ".join(begun[:-1]), article, most_words)[1]:
        return True
    known = " ".join((begun or [""])[-1].split()[:-2])
    return bool(known) and any(problem.startswith(_FOR_GOOD) for problem in check(known, whole_text(article)))


def _headline_problems(headline: str, article: Mapping[str, Any]) -> list[str]:
    """Return why a text cannot be a headline of its article. Only English verbs are recognised."""
    form = jobs.headline_form(headline)
    if "no sentence" in form and not is_english(source_text(article)):
        form.remove("no sentence")
    found = form + check(headline, whole_text(article)) + form_in_words(headline, article)
    return found + tone_problems(headline, article, is_headline=True)


def _unanswered(job: str, written: Sequence[str] | None, method: str) -> list[str]:
    return [f"{method} {job}: {NO_ANSWER}"] if written is not None and not written else []


def _passed(summary: str, article: Mapping[str, Any], most_words: int) -> tuple[str, list[str]]:
    """Return a draft's sentences before the first that is refused or does not fit, and why that one was refused."""
    kept = ""
    for sentence in sentences(summary):
        longer = f"{kept} {sentence}".strip()
        problems = jobs.summary_form(longer, most_words) or check(longer, whole_text(article))
        problems = problems or tone_problems(longer, article) + form_in_words(longer, article)
        if not problems and jobs.repeats(longer, article["title"]):
            problems = ["only the title"]
        if problems:
            return kept, problems
        kept = longer
    return kept, [] if kept else ["empty"]


def _distinct(drafts: Sequence[Draft]) -> tuple[Draft, ...]:
    """Return the drafts without those that repeat the words of an earlier draft."""
    kept: list[Draft] = []
    for draft in drafts:
        if not any(jobs.repeats(draft.text, other.text) for other in kept):
            kept.append(draft)
    return tuple(kept)
