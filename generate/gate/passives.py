"""Passives turned active, so that `Smith was arrested by police` is `Police arrested Smith`; English alone."""

from collections.abc import Iterator, Sequence

from broadsheet.generate.gate.tokens import BY, END, NAME, Token

_AGENT = 3
"Most words of who did it, where it is no name."


def is_passive(tokens: Sequence[Token]) -> bool:
    """Tell whether a passive names who did it."""
    return any(token.stem == BY for token in tokens)


def active(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield the tokens with the first such passive turned active, once for each number of words that may have done it.

    What was done to begins after a comma or where the sentence does.
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
    """Return where the words that begin at `first` may end: with their name, else after one to three of them."""
    if first < len(tokens) and tokens[first].kind == NAME:
        mention = tokens[first].mention
        return [next((i for i in range(first, len(tokens)) if tokens[i].mention != mention), len(tokens))]
    return list(range(first + 1, min(first + _AGENT, len(tokens)) + 1))
