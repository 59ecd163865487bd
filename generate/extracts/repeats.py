"""Whether a sentence says what another one says, of answers and digests, which say nothing twice."""

from collections.abc import Sequence

from broadsheet.generate.text.words import content

_SAME, _SAME_WORDS = 0.8, 0.7
"Likeness, or share of the shorter one's words, from which a sentence says another again."


def says_again(text: str, others: Sequence[str], likeness: float, same: float = _SAME) -> bool:
    """Tell whether a sentence says again what one of others says.

    `likeness` is its largest inner product with them, and `same` that from which it does, whatever their words.
    """
    return likeness >= same or any(_same_words(text, other) for other in others)


def _same_words(first: str, second: str) -> bool:
    one, other = set(content(first)), set(content(second))
    return len(one & other) >= _SAME_WORDS * min(len(one), len(other))
