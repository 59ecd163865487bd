"""The routes of the operator's view."""

from broadsheet.service.ops import changes, rendering, views

ROUTERS = (rendering.router, views.router, changes.router)
