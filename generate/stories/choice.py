"""Choosing the draft that is shown, by interest, likeness to the article, fluency, length and own words."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from broadsheet.config.generate import ChoiceWeights
from broadsheet.generate.stories.drafts import Draft
from broadsheet.generate.text.words import count, fold, words
from broadsheet.generate.writers.writer import LogLikelihoods
from broadsheet.tables.arrays import Floats

Encode = Callable[[Sequence[str]], npt.NDArray[np.float32]]
"""Texts to unit vectors (texts, dim)."""

_READ = 2
"""How many drafts of a question the model reads for their fluency: the best by all other qualities."""
_UNLIKELY = -8.0
"""Mean logarithm of a token's probability at which fluency is 0; at 0 it is 1."""


@dataclass(frozen=True)
class Question:
    """The drafts of one article, among which the best for one interest is chosen."""

    drafts: Sequence[Draft]
    "The drafts, at least one."
    lead: str
    "What the writer read of the article. A draft is compared with its vector, and its words are looked for in it."
    prompt: str
    "The prompt that the model was given."
    words: float
    "The best number of words."
    interest: str = ""
    "What the reader follows, in words; empty for none."
    sentences: Sequence[str] = ()
    "Sentences of the article: a draft is also compared with the mean of their vectors."
    written: Sequence[str] = ()
    "All that a model drafted, refused drafts included."


class Chooser:
    """Chooses between drafts by a weighted sum of their qualities, each 0 to 1."""

    def __init__(
        self,
        encode: Encode,
        weights: ChoiceWeights,
        likelihood: LogLikelihoods | None = None,
        ask: Encode | None = None,
    ) -> None:
        """Take the news tower as it reads drafts, and as it reads a reader's words (`ask`) if that is another way.

        Without a `likelihood`, fluency does not count.
        """
        self._encode, self._weights, self._likelihood, self._ask = encode, weights, likelihood, ask
        weighed = hashlib.sha256(repr(weights).encode()).hexdigest()[:8]
        self.name = f"choice-3-{weighed}"
        "Names this choice in the texts that it chose. A text that was chosen under another name is written again."

    def __call__(self, questions: Sequence[Question]) -> list[int]:
        """Return the place of the best draft of each question, the first where several are equal."""
        if not questions:
            return []
        ends = list(accumulate(len(one.drafts) for one in questions))
        spans = [slice(*span) for span in pairwise([0, *ends])]
        qualities = self.qualities(questions)
        total = np.zeros(ends[-1])
        for name, values in qualities.items():
            total += getattr(self._weights, name) * values
        if self._likelihood is not None and self._weights.fluency:
            total += self._weights.fluency * self._fluency(self._likelihood, questions, spans, total)
        return [int(np.argmax(total[span])) for span in spans]

    def _fluency(
        self, likelihood: LogLikelihoods, questions: Sequence[Question], spans: Sequence[slice], total: Floats
    ) -> Floats:
        """Return the fluency of the drafts that it could make the best; 0 for others, to save the model's time."""
        best = [span.start + place for span in spans for place in _rivals(total[span], self._weights.fluency)]
        if not best:
            return np.zeros(len(total))
        texts = [draft.text for one in questions for draft in one.drafts]
        prompts = [one.prompt for one in questions for _ in one.drafts]
        likely = np.array(likelihood([texts[row] for row in best], [prompts[row] for row in best]), np.float64)
        found = np.zeros(len(total))
        found[best] = np.clip(1 - np.nan_to_num(likely, nan=_UNLIKELY) / _UNLIKELY, 0, 1)
        return found

    def qualities(self, questions: Sequence[Question]) -> dict[str, Floats]:
        """Return each quality except fluency, by its weight's name, for the drafts of all questions in their order."""
        texts = [draft.text for one in questions for draft in one.drafts]
        owner = np.repeat(np.arange(len(questions)), [len(one.drafts) for one in questions])
        asked = [questions[number] for number in owner.tolist()]
        found = {
            "length": np.array([_length(count(text), one.words) for text, one in zip(texts, asked, strict=True)]),
            "publisher": np.array([float(draft.method == "original") for one in questions for draft in one.drafts]),
            "own_words": np.array([1 - copied(text, one.lead) for text, one in zip(texts, asked, strict=True)]),
        }
        read = [text for one in questions for text in (one.lead, one.interest, *one.sentences, *one.written)]
        distinct = list(dict.fromkeys([*texts, *read]))
        place = {text: number for number, text in enumerate(distinct)}
        vectors = np.asarray(self._encode(distinct), np.float64)
        own = vectors[[place[text] for text in texts]]
        interests = vectors[[place[one.interest] for one in asked]]
        if self._ask:
            said = list(dict.fromkeys(one.interest for one in questions))
            interests = np.asarray(self._ask(said), np.float64)[[said.index(one.interest) for one in asked]]
        about = [_unit(vectors[place[one.lead]], vectors[[place[text] for text in one.sentences]]) for one in questions]
        follows = np.array([bool(one.interest) for one in asked])
        found["article"] = np.clip((own * np.stack(about)[owner]).sum(1), 0, 1)
        found["interest"] = np.clip((own * interests).sum(1), 0, 1) * follows
        means = {id(one): vectors[[place[text] for text in one.written]].mean(0) for one in questions if one.written}
        expected = [
            vector @ means[id(one)] if id(one) in means else 0.0 for vector, one in zip(own, asked, strict=True)
        ]
        found["expected"] = np.clip(np.array(expected, np.float64), 0, 1)
        return found


def _rivals(total: Floats, weight: float) -> Sequence[int]:
    """Return the places of the best drafts within `weight` of the very best; empty if only one is."""
    order = np.argsort(-total, kind="stable")[:_READ]
    near = order[total[order] >= total[order[0]] - weight]
    return near.tolist() if len(near) > 1 else []


def _unit(lead: Floats, sentences: Floats) -> Floats:
    """Return the unit vector between the lead's and the mean of the sentences'; the lead's if there are none."""
    if not len(sentences):
        return lead
    mean = sentences.mean(0)
    total: Floats = lead + mean / max(float(np.linalg.norm(mean)), 1e-9)
    return total / max(float(np.linalg.norm(total)), 1e-9)


def _length(found: int, best: float) -> float:
    return float(max(0.0, 1 - abs(found - best) / best))


def copied(text: str, source: str) -> float:
    """Return the share, 0 to 1, of a text's words that stand in its longest run of words copied from the source."""
    said, read = ([fold(word) for word in words(part)] for part in (text, source))
    # autojunk would leave out the most frequent words of a source of 200 words or more.
    longest = SequenceMatcher(None, said, read, autojunk=False).find_longest_match().size
    return longest / len(said) if said else 0.0
