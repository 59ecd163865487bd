"""The names of a sentence in the form that a place of the article has: shorter, as initials, or as a pronoun."""

from collections.abc import Sequence, Set
from dataclasses import replace
from itertools import groupby

from broadsheet.generate.gate.places import Article, Place
from broadsheet.generate.gate.tokens import NAME, Token
from broadsheet.generate.text.names import HONORIFICS, is_known
from broadsheet.generate.text.words import fold


def in_same_form(said: Sequence[Token], place: Place, article: Article) -> tuple[list[Token], Place]:
    """Return the tokens of a sentence and of a place, with every name that both have in one common form.

    Two things are left out of the sentence: given names that the article has elsewhere, and a name at the sentence's
    beginning that the place has a pronoun for. A name that one of the two writes out, and the other by its initials,
    becomes the initials in both.
    """
    written_out = _by_initials(said, _acronyms(place.tokens))
    there = _by_initials(place.tokens, _acronyms(said))
    place = place if len(there) == len(place.tokens) else replace(place, tokens=tuple(there))
    kept: list[Token] = []
    for _, group in groupby(written_out, key=lambda token: token.mention):
        mention = list(group)
        kept += mention if mention[0].kind != NAME else _shortened(mention, place, article, first=not kept)
    return kept, place


def _acronyms(tokens: Sequence[Token]) -> set[str]:
    written = {token.text.replace(".", "") for token in tokens if token.kind == NAME}
    return {word.lower() for word in written if word.isupper() and 2 <= len(word) <= 5}


def _by_initials(tokens: Sequence[Token], acronyms: Set[str]) -> list[Token]:
    """Return the tokens with each run of names that an acronym stands for replaced by the acronym."""
    found = list(tokens)
    for acronym in acronyms:
        size = len(acronym)
        for start in range(len(found) - size, -1, -1):
            run = found[start : start + size]
            if all(token.kind == NAME for token in run) and "".join(fold(token.text)[0] for token in run) == acronym:
                text = " ".join(token.text for token in run)
                found[start : start + size] = [Token(acronym, NAME, run[0].mention, text, run[0].after_comma)]
    return found


def _shortened(mention: list[Token], place: Place, article: Article, *, first: bool) -> list[Token]:
    there = [token for token in mention if token.stem in place.known]
    if len(there) < len(mention) and mention[-1] in there and _is_whole_name(mention, place, article):
        return there
    return [] if first and all(token.stem in place.named_before for token in mention) else mention


def _is_whole_name(mention: Sequence[Token], place: Place, article: Article) -> bool:
    """Whether the article has a name in full that the place, with no other name of that last word, has in part.

    `J. Smith` is `Jane Smith`, in full or in part.
    """
    own = {token.stem for token in mention}
    same = {token.mention for token in place.tokens if token.stem == mention[-1].stem}
    others = {token.stem for token in place.tokens if token.mention in same} - own - HONORIFICS
    firsts = {stem for stem in own if len(stem) == 1}
    others = {stem for stem in others if stem[0] not in firsts}
    return not others and is_known([token.text for token in mention], article.stream, article.acronyms)
