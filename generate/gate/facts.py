"""The fact gate: what a text says that its article does not.

It holds the numbers, dates, names, quotations and remaining words of a text against the article, and asks that one
place of the article says what each sentence says, in nearly that order and with the same negations: a small model's
usual error is a true name with another's deed. It is made to refuse rather than to pass, since a refused draft is
replaced by the publisher's own words.
"""

import re
from collections.abc import Sequence

from broadsheet.generate.gate.claims import unclaimed
from broadsheet.generate.gate.model_talk import form_problems
from broadsheet.generate.gate.places import Article, read_article
from broadsheet.generate.text.dates import dates, says
from broadsheet.generate.text.names import is_known, is_title_case, names
from broadsheet.generate.text.quantities import quantities, same_unit
from broadsheet.generate.text.quotations import altered_quotations
from broadsheet.generate.text.words import NOT, PERHAPS, SAY, clip, content, content_stem, sentences, words

GATE = "gate-4"
"The name of this gate in the texts that it passed. A text that another gate passed is written again."


def check(text: str, article: str) -> list[str]:
    """Return what is wrong with a text about an article, such as `number 300` or `name Arsenal`; empty if nothing is.

    `article` is the title, the abstract and the body, each on lines of its own.
    """
    if not re.search(r"[^\W\d_]", text):
        return ["empty"]
    read = read_article(article)
    found = form_problems(text, article) + _numbers(text, read) + _dates(text, read) + _names(text, read)
    found += [f"quotation {clip(quotation, 8)}" for quotation in altered_quotations(text, article)]
    found += [problem for sentence in sentences(text) for problem in unclaimed(sentence, read)]
    return list(dict.fromkeys(found))


def check_digest(text: str, articles: Sequence[str]) -> list[str]:
    """Return what is wrong with a text about several articles, each sentence of which must hold against one article."""
    found: list[str] = []
    for sentence in sentences(text) or [text]:
        tried = [check(sentence, article) for article in articles]
        best: list[str] = min(tried, key=len, default=["claim"])
        found += best
    return list(dict.fromkeys(found))


def _numbers(text: str, article: Article) -> list[str]:
    return [
        f"number {claimed.text}"
        for claimed in quantities(text)
        if claimed.text.lower() != "one"  # nearly always a pronoun
        and not any(claimed.values & said.values and same_unit(claimed.unit, said.unit) for said in article.quantities)
    ]


def _dates(text: str, article: Article) -> list[str]:
    return [f"date {date.text}" for date in dates(text) if not any(says(said, date.value) for said in article.dates)]


def _names(text: str, article: Article) -> list[str]:
    if not is_title_case(text):
        marked = {word for date in dates(text) for word in words(date.text)}
        found = [[word for word in name if word not in marked] for name in names(text)]
        return [
            f"name {' '.join(name)}" for name in found if name and not is_known(name, article.stream, article.acronyms)
        ]
    stems = set(content(article.text)) | article.acronyms
    return [
        f"word {word}"
        for word in words(text)
        if not word[0].isdigit() and content_stem(word) not in {"", NOT, PERHAPS, SAY} | stems
    ]
