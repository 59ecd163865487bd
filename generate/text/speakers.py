"""Who speaks in a sentence of English news, such as Croyle in `The dam could fail, William Croyle said`."""

import re

from broadsheet.generate.text.names import names
from broadsheet.generate.text.words import FUNCTION_WORDS, fold, words

_QUOTED = re.compile(r'"[^"\n]*(?:"|$)|“[^”\n]*(?:”|$)')
_VERB = re.compile(
    r"(?<![\w-])(?:sa(?:id|ys)|t(?:old|ells)|according to|tweet(?:ed|s)|wrote|writes|warn(?:ed|s)|claimed"
    r"|insist(?:ed|s)|denie[ds]|argue[ds]|urge[ds]|stress(?:ed|es)|explain(?:ed|s)|accuse[ds]|condemn(?:ed|s)|vowed|note[ds]|added"
    r"|admit(?:ted|s)|acknowledge[ds]|dismiss(?:ed|es)|criticise[ds]|criticize[ds])"
    r"\b(?!\s+(?:by|of)\b)",
    re.IGNORECASE,
)
_BY_PRONOUN = re.compile(rf",\s+(?:he|she|it|they)\s+(?:{_VERB.pattern})\W*$", re.IGNORECASE)
_NOBODY = frozenset("he she they it we i you who which that this one".split())
"Words before a verb of speech that do not say who speaks."
_BETWEEN = frozenset("has have had also later earlier then once is was were are been often reportedly".split())
"Words between a speaker and the verb of speech."
_DAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())
_LEAST_QUOTED = 5
"From this many words in quotation marks a sentence quotes somebody; fewer are a name or a phrase."


def quotes(sentence: str) -> bool:
    """Whether a sentence has a quotation, which is more than a phrase in quotation marks."""
    return any(len(words(quoted)) >= _LEAST_QUOTED for quoted in _QUOTED.findall(sentence))


def is_said_by_a_pronoun(sentence: str) -> bool:
    """Whether a sentence ends in `, he said`, so that the sentence before is needed to know who said it."""
    return bool(_BY_PRONOUN.search(_QUOTED.sub(" , ", sentence)))


def speaker(sentence: str) -> str:
    """Return the folded last word of the speaker of a sentence; empty if nobody speaks, or if it only says `he`.

    The speaker is the name nearest to the verb of speech, or the word before the verb: `police said`. Only words
    outside quotation marks count.
    """
    plain = _QUOTED.sub(" , ", sentence)
    for verb in _VERB.finditer(plain):
        before, after = plain[: verb.start()], plain[verb.end() :]
        found = _first(after) if verb[0].lower() == "according to" else _last(before) or _inverted(before, after)
        if found:
            return found
    return ""


def _last(before: str) -> str:
    """Return who is named last before the verb."""
    spoken = words(before)
    while spoken and fold(spoken[-1]) in _BETWEEN | _DAYS | {"on"}:
        spoken.pop()
    if not spoken or fold(spoken[-1]) in _NOBODY:
        return ""
    if spoken[-1][0].isupper():
        return fold(spoken[-1])
    named = [name for name in names(before.rpartition(";")[2]) if fold(name[-1]) not in _DAYS]
    near = re.search(r",[^,]*,?\s*$", before)  # `Croyle, the acting director, said`
    if near and named:
        return fold(named[-1][-1])
    told = ["", "", *map(fold, spoken)]
    back = told[-2] == "the" or told[-1] in FUNCTION_WORDS  # `the officials said`, of whom the sentence before speaks
    return "" if back else told[-1]


def _inverted(before: str, after: str) -> str:
    """Return who is named after the verb, if the quotation stands before it: `“…,” said Croyle`."""
    return _first(after) if before.rstrip().endswith(",") and not re.match(r"\W*(?:that|on)\b", after) else ""


def _first(after: str) -> str:
    """Return who is named first after the verb, up to the next punctuation mark."""
    spoken = words(re.split(r"[,;.]\s", after)[0])[:8]
    if not spoken or fold(spoken[0]) in _NOBODY:
        return ""
    named = [word for word in spoken if word[0].isupper() and fold(word) not in _DAYS]
    told = [word for word in spoken if fold(word) not in FUNCTION_WORDS]
    return fold(named[-1]) if named else fold(told[0]) if told else ""
