"""Richer texts for the news tower: the article's own key sentences, if the abstract says no more than the title.

Some recommenders have large models write such sentences (ONCE, Liu et al. 2024). These are extracts: true word for
word, without a model, in a fraction of a millisecond, and the same on any machine.
"""

from broadsheet.generate.extracts.extract import extract
from broadsheet.generate.text.words import content

NAME = "enriched-1"
"The name of this rule. Under another name, articles are encoded again."

_MOST_WORDS = 45
"Most words: about 60 tokens, which with a title and a category fit into the 96 that the tower reads."


def key_facts(title: str, abstract: str, body: str) -> str:
    """Return the abstract if it says anything that the title does not, else one or two lead sentences of the body.

    If these say no more than the title either, the abstract is returned.
    """
    if _tells_more(abstract, title):
        return abstract
    found = extract(title, abstract, body, _MOST_WORDS)
    return found if _tells_more(found, title) else abstract


def _tells_more(text: str, title: str) -> bool:
    return not set(content(text)) <= set(content(title))
