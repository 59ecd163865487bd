"""Whether a sentence says what another one says, so that answers and digests say nothing twice."""

from collections.abc import Sequence

from broadsheet.generate.text.words import content

_SAME, _SAME_WORDS = 0.8, 0.7
"From this likeness, or this share of the shorter sentence's words, one sentence repeats the other."


def says_again(text: str, others: Sequence[str], likeness: float, same: float = _SAME) -> bool:
    """Whether a sentence repeats one of the others.

    `likeness` is the largest inner product with the others. From `same` on the sentence is a repetition, whatever its
    words.
    """
    return likeness >= same or any(_same_words(text, other) for other in others)


def _same_words(first: str, second: str) -> bool:
    one, other = set(content(first)), set(content(second))
    return len(one & other) >= _SAME_WORDS * min(len(one), len(other))
