"""The metrics of a text: likeness to the publisher's words, truth by the gate, copying, length, personality."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from broadsheet.errors import InputError
from broadsheet.evaluation.generation.examples import Example
from broadsheet.evaluation.generation.rows import MODELS, Text, Topics
from broadsheet.generate.gate.facts import check
from broadsheet.generate.stories.choice import Encode, copied
from broadsheet.generate.text.articles import whole_text
from broadsheet.generate.text.words import content, count
from broadsheet.offline.replay import Values
from broadsheet.tables.arrays import Floats

LIKENESS = ("ROUGE-1", "ROUGE-2", "ROUGE-L", "BLEU", "similarity")
DEFINITIONS = {
    "ROUGE-1, ROUGE-2, ROUGE-L": "F1 against the reference, by rouge-score with its stemmer",
    "BLEU": "sentence BLEU against the reference, 0 to 1, by sacrebleu with effective order; the mean over articles",
    "similarity": "inner product of the news tower's vectors of text and reference",
    "facts": "share of the texts that pass the fact gate against the body alone; ours passed it to be shown",
    "copied": "share of a text's words in its longest run that the beginning of the article, as a writer reads it, has",
    "words": "length of the texts",
    "fallback": "share of articles whose text is not in a model's words",
    "shown": "share of articles that have a text; where ours has none, it shows the publisher's title or abstract, "
    "which is withheld here: likeness is then 0, and facts, copied and words are of the others",
}
PERSONAL = {
    "likeness": "(s(A, a) + s(B, b) - s(A, b) - s(B, a)) / 2 for the headlines A and B for topics a and b, s the inner "
    "product of the news tower's vectors; the choice weighs the same s, so that it is hardly ever below 0",
    "words": "the same with s the share of the topic's words that the headline has, which nothing chooses by",
    "differ": "share of articles whose two headlines differ",
    "facts": "share of the headlines for a topic that pass the fact gate against the body alone",
    "facts without a topic": "the same of the headlines for no topic, of the same articles",
    "change of facts": "the former less the latter",
}


class Measures:
    """Measures the texts of a row."""

    def __init__(self, encode: Encode) -> None:
        """Take the news tower; raises InputError without rouge-score and sacrebleu."""
        try:
            from rouge_score.rouge_scorer import RougeScorer
            from sacrebleu import sentence_bleu
        except ImportError as error:
            message = f'metrics: {error.name} is missing. Install it: pip install "broadsheet[evaluation]".'
            raise InputError(message) from error
        self._rouge = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
        self._bleu, self._encode = sentence_bleu, encode

    def __call__(self, texts: Sequence[Text], examples: Sequence[Example], job: str) -> Values:
        """Return each metric of each article's text; likeness is NaN where there is no reference."""
        references = [one.reference(job) for one in examples]
        likeness = [self._likeness(one.text, wanted) for one, wanted in zip(texts, references, strict=True)]
        found = {name: np.array([row[place] for row in likeness]) for place, name in enumerate(LIKENESS[:-1])}
        found["similarity"] = self._similarity([one.text for one in texts], references)
        own = [_of_text(text, one, job) for text, one in zip(texts, examples, strict=True)]
        return found | {name: np.array([row[name] for row in own], np.float64) for name in own[0]}

    def _likeness(self, text: str, reference: str) -> list[float]:
        if not reference or not text:
            return [0.0 if reference else np.nan] * 4
        rouge = self._rouge.score(reference, text)
        bleu = self._bleu(text, [reference], use_effective_order=True).score / 100
        return [*(rouge[name].fmeasure for name in ("rouge1", "rouge2", "rougeL")), bleu]

    def _similarity(self, texts: Sequence[str], references: Sequence[str]) -> Floats:
        own, wanted = _vectors(self._encode, texts), _vectors(self._encode, references)
        likeness: npt.NDArray[np.float64] = (own * wanted).sum(1)
        likeness[[not text for text in texts]] = 0.0
        likeness[[not reference for reference in references]] = np.nan
        return likeness


def _of_text(text: Text, example: Example, job: str) -> dict[str, float]:
    said = text.text
    return {
        "facts": is_true(said, example),
        "copied": copied(said, example.lead(job)) if said else np.nan,
        "words": float(count(said)) if said else np.nan,
        "fallback": float(text.method not in MODELS),
        "shown": float(bool(said)),
    }


def is_true(text: str, example: Example) -> float:
    """Return 1 if a text passes the gate against the example's article, 0 if it does not, NaN if the text is empty."""
    return float(not check(text, whole_text(example.article))) if text else np.nan


def mean_over(runs: Sequence[Values]) -> Values:
    """Return the mean of each metric over the runs, for each article; runs without a value (NaN) do not count."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # an article that has a value in no run
        return {name: np.nanmean([run[name] for run in runs], axis=0) for name in runs[0]}


def matched(a: Floats, b: Floats, topics: tuple[Floats, Floats]) -> Floats:
    """Return for each article how much nearer its headlines are to their own topics than to each other's topic.

    All arrays are vectors (articles, dim): `a` and `b` of the headlines for the first and the second of `topics`.
    """
    first, second = topics
    value: Floats = ((a - b) * (first - second)).sum(1) / 2
    return value


def personal_values(
    headlines: Sequence[tuple[str, str]],
    plain: Sequence[str],
    examples: Sequence[Example],
    topics: Sequence[Topics],
    encode: Encode,
    ask: Encode,
) -> Values:
    """Return the metrics of PERSONAL of each article with two topics: its headline for each, and that for neither.

    `encode` reads headlines, `ask` topics, which are a reader's words.
    """
    a, b = ([pair[place] for pair in headlines] for place in (0, 1))
    of_topic = [[pair[place] for pair in topics] for place in (0, 1)]
    first, second = (_vectors(ask, part) for part in of_topic)
    both = [[is_true(text, one) for text in pair] for pair, one in zip(headlines, examples, strict=True)]
    rows = zip(a, b, topics, strict=True)
    facts = mean_over([{"": np.array(part, np.float64)} for part in zip(*both, strict=True)])[""]
    before = np.array([is_true(text, one) for text, one in zip(plain, examples, strict=True)])
    return {
        "likeness": matched(_vectors(encode, a), _vectors(encode, b), (first, second)),
        "words": np.array([_named(x, s) + _named(y, t) - _named(x, t) - _named(y, s) for x, y, (s, t) in rows]) / 2,
        "differ": np.array([x != y for x, y in headlines], np.float64),
        "facts": facts,
        "facts without a topic": before,
        "change of facts": facts - before,
    }


def _named(headline: str, topic: str) -> float:
    wanted = set(content(topic))
    return len(wanted & set(content(headline))) / max(len(wanted), 1)


def _vectors(encode: Encode, texts: Sequence[str]) -> Floats:
    found: Any = encode(texts)
    return np.asarray(found, np.float64)
