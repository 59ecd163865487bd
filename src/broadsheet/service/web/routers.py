"""The routes of the readers' pages."""

from broadsheet.service.web import (
    acts,
    ask,
    consent,
    embed,
    feeds,
    following,
    front,
    letters,
    saved,
    static_files,
    story,
    why,
)

FRONT = front.router
"""Asked for most, and so the first that is looked through."""
WEB = (
    *(story.router, ask.router, following.router, why.router, saved.router),
    *(acts.router, consent.router, feeds.router, embed.router, letters.router, static_files.router),
)
