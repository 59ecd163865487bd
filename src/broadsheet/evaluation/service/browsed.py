"""Every page of the service in a browser: two widths, light and dark, with JavaScript and without, by axe's rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.service.served import running
from broadsheet.evaluation.service.traffic import articles_of
from broadsheet.newsroom import Newsroom
from broadsheet.progress import Say
from broadsheet.service.security.accounts.keys import add_key
from broadsheet.service.security.accounts.users import add_user
from broadsheet.service.serving.state import State

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Response

WIDTHS = {"desktop": 1280, "phone": 390}
INTERESTS = "space, tennis, elections"


@dataclass(frozen=True)
class View:
    """How a page is looked at."""

    name: str
    width: int
    scheme: str
    "light or dark."
    javascript: bool


VIEWS = [
    View(f"{name}, {scheme}{'' if javascript else ', without JavaScript'}", width, scheme, javascript)
    for name, width in WIDTHS.items()
    for scheme, javascript in (("light", True), ("dark", True), ("light", False))
]


def browse(newsroom: Newsroom, name: str, chromium: str, pictures: Path, say: Say) -> dict[str, Any]:
    """Return of each page its weight, and in each view what axe finds and what is wider than the window.

    Pictures of all pages are written into `pictures`. The newsroom gets users and readers. Raises NewsroomError if the
    service does not start.
    """
    from playwright.sync_api import sync_playwright

    state, password = State(newsroom), uuid4().hex
    key = add_key(state, f"browser {uuid4().hex[:8]}", ["pages"], "check")
    operator = f"browser-{uuid4().hex[:8]}"
    add_user(state, operator, "operator", password, "check")
    pages = _pages(newsroom)
    found: dict[str, Any] = {page: {"views": {}} for page in pages}
    with running(newsroom.path, key) as service, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for view in VIEWS:
            with _context(browser, view) as context:
                _sign_in(context.new_page(), service.address, operator, password)
                for page, path in pages.items():
                    picture = pictures / f"{_file_name(page)}-{_file_name(view.name)}.png"
                    seen = _look(context.new_page(), f"{service.address}{path}", view, picture)
                    found[page].setdefault("kb", seen.pop("kb"))
                    found[page]["views"][view.name] = seen
            say(f"{view.name}: {len(pages)} pages")
        browser.close()
    return {**stamp(), "newsroom": name, "pages": found}


def _pages(newsroom: Newsroom) -> dict[str, str]:
    """Return the address of each page, by what it is called in the report."""
    article, edition = articles_of(newsroom)[0], newsroom.current().name
    return {
        "front page": "/",
        "page for everybody": "/everybody",
        "section": "/section/sports",
        "story": f"/story/{article}",
        "ask": "/ask",
        "answer": "/ask?q=space+rockets",
        "what you follow": "/following",
        "saved": "/saved",
        "why": f"/why/{article}",
        "how this page is made": "/about-this-page",
        "no such page": "/no-such-page",
        "sign in": "/login",
        "desk": "/desk",
        "desk: story": f"/desk/story/{article}",
        "desk: knobs": "/desk/knobs?diversity=0.5",
        "desk: orders": "/desk/orders",
        "desk: log": "/desk/log",
        "operator: now": "/ops",
        "operator: editions": "/ops/editions",
        "operator: edition": f"/ops/editions/{edition}",
        "operator: publish": f"/ops/editions/{edition}/publish",
        "operator: roll back": "/ops/rollback",
        "operator: prune": "/ops/prune",
        "operator: drift": "/ops/drift",
        "operator: experiments": "/ops/experiments",
    }


@contextmanager
def _context(browser: Browser, view: View) -> Iterator[BrowserContext]:
    context = browser.new_context(
        java_script_enabled=view.javascript,
        color_scheme="dark" if view.scheme == "dark" else "light",
        viewport={"width": view.width, "height": 900},
    )
    context.route("**/*", lambda route: route.continue_())  # without the browser's cache: each page weighs all it needs
    yield context
    context.close()


def _sign_in(page: Page, address: str, operator: str, password: str) -> None:
    """Let the reader be remembered and follow something, and sign the operator in."""
    page.goto(address)
    page.locator('button[value="yes"]').first.click()
    page.goto(f"{address}/following")
    page.locator("textarea").first.fill(INTERESTS)
    page.locator("form:has(textarea) button").first.click()
    page.goto(f"{address}/login")
    page.locator('input[name="name"]').fill(operator)
    page.locator('input[name="password"]').fill(password)
    page.locator("main button, form button").first.click()
    page.wait_for_url(re.compile("/ops"))
    page.close()


def _look(page: Page, address: str, view: View, picture: Path) -> dict[str, Any]:
    from axe_playwright_python.sync_playwright import Axe

    problems: list[str] = []
    weights: list[int] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("response", lambda answer: weights.append(_weight(answer, address)))
    answer = page.goto(address, wait_until="load")
    status = answer.status if answer else 0
    page.screenshot(path=picture, full_page=True)
    violations: Mapping[str, int] = {}
    too_wide = False
    if view.javascript:
        rules = Axe().run(page).response["violations"]
        violations = {rule["id"]: len(rule["nodes"]) for rule in rules}
        too_wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    page.close()
    # A browser tells the console that a page is not there, as it should.
    problems = [problem for problem in problems if not (status == 404 and "404" in problem)]
    return {
        "kb": sum(weights) / 1000,
        "status": status,
        "violations": violations,
        "too_wide": too_wide,
        "errors": problems,
    }


def _weight(answer: Response, address: str) -> int:
    """Return the bytes of an answer of the service as they went over the wire, its headers too."""
    if answer.url.split("/")[2] != address.split("/")[2]:
        return 0
    sizes = answer.request.sizes()
    return int(sizes["responseBodySize"] + sizes["responseHeadersSize"])


def _file_name(text: str) -> str:
    return re.sub(r"\W+", "-", text.lower()).strip("-")
