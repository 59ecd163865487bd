"""The routes of the desk."""

from broadsheet.service.desk import api, front, knobs, orders, showing, story

ROUTERS = (api.router, showing.router, front.router, orders.router, story.router, knobs.router)
