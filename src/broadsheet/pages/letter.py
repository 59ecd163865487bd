"""How a page looks as a mail: in tables with inline styles, as mail clients want it, and as plain text."""

from __future__ import annotations

from broadsheet.pages.page import Page
from broadsheet.pages.rendering import story_fields, story_text, wrap
from broadsheet.pages.templates import environment
from broadsheet.text import one_line, shortened

PREHEADER = 140
"""Most characters of the line that a list of mails shows beside the subject."""


def letter_html(page: Page, count: int, stop: str) -> str:
    """Return the first `count` stories of a page as the HTML of a mail; `stop` is the address that ends the letters.

    Pictures are shown only from https addresses; nothing else is loaded, and there is no script and no style sheet.
    """
    stories = [story_fields(row, page.look) for row in page.stories.to_pylist()[:count]]
    stories = [{**one, "image": one["image"] if one["image"].startswith("https://") else ""} for one in stories]
    preheader = shortened(" · ".join(one_line(one["marked"]) for one in stories[1:4]), PREHEADER)
    return (
        environment("broadsheet.pages")
        .get_template("letter.html")
        .render(page=page, look=page.look, labels=page.look.labels, stories=stories, preheader=preheader, stop=stop)
    )


def letter_text(page: Page, count: int, stop: str) -> str:
    """Return the first `count` stories of a page as the plain text of a mail."""
    lines = [one_line(page.look.name).upper(), page.look.day(page.as_of), "=" * 72]
    lines += [line for line in wrap(page.note, "", "")]
    for row in page.stories.to_pylist()[:count]:
        lines += ["", *story_text(story_fields(row, page.look))]
    lines += ["", "-" * 72, *wrap(page.look.labels["footer"], "", "")]
    return "\n".join([*lines, *([f"{page.look.labels['letter_stop']}: {stop}"] if stop else []), ""])
