"""The routes of the readers' pages."""

from broadsheet.service.web import acts, ask, consent, embed, feeds, following, front, saved, static_files, story, why

WEB = (
    *(front.router, story.router, ask.router, following.router, why.router, saved.router),
    *(acts.router, consent.router, feeds.router, embed.router, static_files.router),
)
