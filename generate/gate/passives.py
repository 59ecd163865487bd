"""Passives turned active, so that `Smith was arrested by police` becomes `Police arrested Smith`. English only."""

from collections.abc import Iterator, Sequence

from broadsheet.generate.gate.tokens import BY, END, NAME, Token

_AGENT = 3
"Most words that say who did it, if they are not a name."


def is_passive(tokens: Sequence[Token]) -> bool:
    """Whether a passive says who did it."""
    return any(token.stem == BY for token in tokens)


def active(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield the tokens with the first passive turned active, once for each number of words that may say who did it.

    The words for what it was done to begin after a comma, or with the sentence.
    """
    by = next(index for index, token in enumerate(tokens) if token.stem == BY)
    if by < 2:
        return
    start = max(
        (index for index in range(by - 1) if tokens[index].after_comma or (index and tokens[index - 1].stem == END)),
        default=0,
    )
    for end in _ends(tokens, by + 1):
        agent, verb, object_ = tokens[by + 1 : end], tokens[by - 1], tokens[start : by - 1]
        yield [*tokens[:start], *agent, verb, *object_, *tokens[end:]]


def _ends(tokens: Sequence[Token], first: int) -> list[int]:
    """Return where the words that begin at `first` may end: with their name, else after one, two or three words."""
    if first < len(tokens) and tokens[first].kind == NAME:
        mention = tokens[first].mention
        return [next((i for i in range(first, len(tokens)) if tokens[i].mention != mention), len(tokens))]
    return list(range(first + 1, min(first + _AGENT, len(tokens)) + 1))
