"""What a free text is about: words on the kind of reading wanted, "quiet long reads on", say nothing of the topic."""

import re

_KIND = (
    "a an the some any more few me us i we want would like need looking for show find give read tell please today "
    "quiet calm long short quick deep good great best nice fun light easy new newest latest recent fresh daily "
    "interesting serious news article articles story stories read reads reading piece pieces feature features "
    "report reports analysis coverage something anything everything things"
)
_OPENING = re.compile(
    rf"(?:(?:{'|'.join(_KIND.split())})\b[\s,]*)+(?:on|about|regarding|around)\s+(?=\w)", re.IGNORECASE
)


def topic_of(text: str) -> str:
    """Return the text from its topic on: "quiet long reads on space" is about "space"; any other text as it is.

    English; a text in another language is left alone.
    """
    opening = _OPENING.match(text.strip())
    return "about " + text.strip()[opening.end() :] if opening else text
