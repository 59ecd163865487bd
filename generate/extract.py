"""A summary made of the article's own sentences, for where no draft passed the gate."""

from broadsheet.generate.words import content, count, sentences, without_dateline

_LEAD = 6
_LEAST_WORDS = 5


def extract(title: str, abstract: str, body: str, most_words: int) -> str:
    """Return one or two whole sentences of the article, in its order and within `most_words`, or "" if none fits.

    They are the lead sentences closest in words to the title; the earlier one where two are equally close.
    """
    text = body if body.strip() else abstract
    lead = lead_sentences(text)[:_LEAD]
    about = set(content(title))
    best = sorted(range(len(lead)), key=lambda place: (-_closeness(lead[place], about, place), place))
    chosen: list[int] = []
    for place in best:
        if len(chosen) < 2 and sum(count(lead[other]) for other in [*chosen, place]) <= most_words:
            chosen.append(place)
    return " ".join(lead[place] for place in sorted(chosen))


def lead_sentences(text: str) -> list[str]:
    """Return the whole sentences of a text, in its order, without its dateline."""
    return [sentence for sentence in sentences(without_dateline(text)) if _is_whole(sentence)]


def _closeness(sentence: str, about: set[str], place: int) -> float:
    shared = len(set(content(sentence)) & about)
    return shared / max(len(about), 1) + 0.3 / (1 + place)


def _is_whole(sentence: str) -> bool:
    quotes = sentence.count('"') % 2 == 0 and sentence.count("“") == sentence.count("”")
    opens = sentence[0].isupper() or sentence[0].isdigit() or sentence[0] in "\"'“‘"
    return opens and quotes and sentence.rstrip("\"'”’)").endswith((".", "!", "?")) and count(sentence) >= _LEAST_WORDS
