"""Where the tokens of a sentence stand in a place of the article, and which names, numbers and dates are elsewhere."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from broadsheet.generate.gate.tokens import END, NAME, Token

_NEAR = 3
"Most tokens of the article between a name, number or date and its neighbour in the sentence."


def longest_common(first: Sequence[str], second: Sequence[str]) -> list[tuple[int, int]]:
    """Return the places of a longest common subsequence, as pairs of indices into both, in order.

    Where several are equally long, each place of `second` is as near to the next one as can be.
    """
    lengths = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i in range(len(first) - 1, -1, -1):
        row, below = lengths[i], lengths[i + 1]
        for j in range(len(second) - 1, -1, -1):
            row[j] = below[j + 1] + 1 if first[i] == second[j] else max(below[j], row[j + 1])
    pairs, i, j = [], 0, 0
    while i < len(first) and j < len(second):
        if first[i] == second[j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1
    return _drawn_together(pairs, second)


def _drawn_together(pairs: list[tuple[int, int]], second: Sequence[str]) -> list[tuple[int, int]]:
    for number in range(len(pairs) - 2, -1, -1):
        (i, j), limit = pairs[number], pairs[number + 1][1]
        pairs[number] = (i, next(place for place in range(limit - 1, j - 1, -1) if second[place] == second[j]))
    return pairs


def misplaced(said: Sequence[Token], place: Sequence[Token], pairs: Sequence[tuple[int, int]]) -> dict[str, list[str]]:
    """Return by kind the names, numbers and dates that the place has, but in another position than the sentence.

    A token is in its position if a neighbour that it has in the sentence also stands beside it in the place, with no
    token of its kind between. The neighbour must be of the common order, or must have moved together with the token. A
    number or date that is the only one of its kind cannot have been taken for another.
    """
    stems, matched = {token.stem for token in place}, dict(pairs)
    found: dict[str, list[str]] = {}
    start = 0
    for _, group in groupby(said, key=lambda token: token.mention):
        mention = list(group)
        first, last, kind = start, start + len(mention) - 1, mention[0].kind
        start = last + 1
        if not kind or len(mention) == len(said) or not all(token.stem in stems for token in mention):
            continue
        if kind != NAME and len({token.stem for token in place if token.kind == kind}) == 1:
            continue
        if not (_in_order(first, last, place, matched, kind) or _moved(first, last, said, place, matched)):
            found.setdefault(kind, []).append(" ".join(token.text for token in mention))
    return found


def _in_order(first: int, last: int, place: Sequence[Token], matched: Mapping[int, int], kind: str) -> bool:
    inside = [matched[index] for index in range(first, last + 1) if index in matched]
    if len(inside) <= last - first or inside[-1] - inside[0] > last - first + 1:
        return False
    before, after = matched.get(first - 1), matched.get(last + 1)
    return (before is not None and _are_near(before, inside[0], place, kind)) or (
        after is not None and _are_near(inside[-1], after, place, kind)
    )


def _are_near(left: int, right: int, place: Sequence[Token], kind: str) -> bool:
    if is_aside(place, left, right):
        return True
    between = place[left + 1 : right]
    own = {place[left].mention, place[right].mention}
    return len(between) <= _NEAR and not any(
        token.stem == END or (token.kind == kind and token.mention not in own) for token in between
    )


def is_aside(place: Sequence[Token], left: int, right: int) -> bool:
    """Whether the tokens between two words stand between commas, in one sentence, so that they can be left out."""
    between = place[left + 1 : right]
    return (
        bool(between) and between[0].after_comma and place[right].after_comma and END not in {t.stem for t in between}
    )


def _moved(first: int, last: int, said: Sequence[Token], place: Sequence[Token], matched: Mapping[int, int]) -> bool:
    """Whether a neighbour that is not in the common order either also stands right beside the token in the place."""
    left = said[first - 1].stem if first > 0 and first - 1 not in matched else None
    right = said[last + 1].stem if last + 1 < len(said) and last + 1 not in matched else None
    stems = [token.stem for token in place]
    return any(
        (left is not None and here > 0 and stem == said[first].stem and stems[here - 1] == left)
        or (right is not None and stem == said[last].stem and stems[here + 1 : here + 2] == [right])
        for here, stem in enumerate(stems)
    )
