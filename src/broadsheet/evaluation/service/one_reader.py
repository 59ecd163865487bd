"""One reader on the air, as a browser without JavaScript: consent, follows, acts, clicks and questions."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from httpx2 import Client, Response

from broadsheet.errors import InputError, NewsroomError
from broadsheet.evaluation.service.served import free_port
from broadsheet.letters.run import run_letters
from broadsheet.newsroom import Newsroom
from broadsheet.service.security.reader import READER, REMEMBERED
from broadsheet.service.security.secret import read_secret

WORDS = "chess, sailing and old bridges"
"""What the reader writes on interests."""
QUESTION = "What is new about chess and sailing?"
CLICKS = 6
"""Articles that the reader opens from the front page."""


_ACTS_ON = re.compile(r'name="news_id" value="([^"]+)">\s*<input type="hidden" name="page" value="([^"]+)"')


class Browser:
    """A reader's browser: it keeps the cookie, shows pages and sends their forms."""

    def __init__(self, client: Client) -> None:
        self.client, self.page, self.acts = client, "", dict[str, int]()

    def see(self, address: str) -> str:
        """Show a page; raises NewsroomError if it is not there."""
        self.page = unescape(_right(self.client.get(address)).text)
        return self.page

    def send(self, address: str, named: str, /, **fields: str) -> None:
        """Send a form with the token of the page in sight, and count what it does by the name `named`."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.page)
        _right(self.client.post(address, data={**fields, **({"csrf_token": token[1]} if token else {})}))
        self.acts[named] = self.acts.get(named, 0) + 1

    def links(self) -> list[tuple[str, str]]:
        """Return the articles that the page in sight leads to, as pairs of news_id and page_id, in the page's order."""
        found = re.findall(
            r'name="news_id" value="([^"]+)">\s*<input type="hidden" name="page" value="([^"]+)"', self.page
        )
        return list(dict.fromkeys(found))


def read_the_paper(browser: Browser, newsroom: Newsroom, sections: tuple[str, str]) -> str:
    """Agree to be remembered, follow, mute, write, click, like, hide, save and ask; return the reader's pseudonym.

    `sections` are a section to follow and a section to mute.
    """
    browser.see("/")
    browser.send("/consent", "consent", choice="yes")
    browser.see("/following")
    browser.send("/following/follow", "follow", field="category", name=sections[0])
    browser.send("/following/mute", "mute", field="category", name=sections[1])
    browser.send("/following/words", "own words", words=WORDS)
    browser.send("/following/feed", "feed address", act="new")
    browser.see("/")
    links = browser.links()
    acts = ("like", "dislike", "hide", "save")
    for act, (news_id, page_id) in zip(acts, links[CLICKS:], strict=False):
        browser.send("/act", act, act=act, news_id=news_id, page=page_id)
    for news_id, page_id in links[:CLICKS]:
        went = browser.client.get(f"/go/{news_id}", params={"page": page_id})
        browser.acts["click"] = browser.acts.get("click", 0) + (went.status_code == 302)
    for address in (f"/story/{links[0][0]}", f"/why/{links[0][0]}", "/saved", f"/section/{sections[0]}"):
        browser.see(address)
    _right(browser.client.get("/ask", params={"q": QUESTION}))
    browser.acts["question"] = 1
    return pseudonym(browser, newsroom)


def pseudonym(browser: Browser, newsroom: Newsroom) -> str:
    """Return the id that the browser's cookie holds."""
    cookie = browser.client.cookies.get(f"broadsheet-{READER}") or ""
    found = read_secret(newsroom).signed(READER, cookie.strip('"'), REMEMBERED)
    if not found:
        raise NewsroomError("The service gave the reader no cookie, so there is nobody to forget.")
    return str(found[0])


def act_by_key(site: Client, reader: str, day: str) -> dict[str, int]:
    """Have a site show the reader pages and log events with its key, each call with an idempotency key of the day."""
    page = _right(site.get(f"/v1/readers/{reader}/page", params={"k": 10})).json()
    ids = [story["news_id"] for story in page["stories"]]
    shared = {"user_id": reader, "time": page["as_of"], "page_id": page["page_id"]}
    events: list[dict[str, Any]] = [
        {**shared, "event_id": f"{day}-{number}", "kind": "click", "news_id": news_id}
        for number, news_id in enumerate(ids[:3])
    ]
    events.append({**shared, "event_id": f"{day}-view", "kind": "view", "slot": 4, "seconds": 3})
    logged = _right(site.post("/v1/events/batch", json=events, headers={"Idempotency-Key": f"{day}-events"})).json()
    asked = {"readers": [reader], "k": 5}
    _right(site.post("/v1/pages", json=asked, headers={"Idempotency-Key": f"{day}-pages"}))
    follows = {"follows": [{"field": "topic", "name": "chess"}]}
    _right(site.put(f"/v1/readers/{reader}/follows", json=follows, headers={"Idempotency-Key": f"{day}-follows"}))
    return dict(logged["taken"])


def send_letter(newsroom: Newsroom, reader: str) -> EmailMessage:
    """Send the reader the day's letter to a mail server on this machine, and return what the server got.

    Raises InputError if aiosmtpd is not installed, NewsroomError if no letter came.
    """
    try:
        from aiosmtpd.controller import Controller
    except ModuleNotFoundError as error:
        raise InputError('aiosmtpd is not installed. Install it: pip install "broadsheet[dev]".') from error
    taken: list[bytes] = []

    class Kept:
        async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: ANN401
            taken.append(envelope.content)
            return "250 taken"

    server = Controller(Kept(), hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        with TemporaryDirectory() as folder:
            addresses = Path(folder) / "addresses.csv"
            addresses.write_text(f"user_id,address\n{reader},reader@example.org\n", "utf-8")
            run_letters(newsroom.path, addresses, [reader], None, f"127.0.0.1:{server.port}")
    finally:
        server.stop()
    if not taken:
        raise NewsroomError("The mail server got no letter of the reader.")
    return message_from_bytes(taken[0], policy=default)


def stop_letters(browser: Browser, letter: EmailMessage) -> None:
    """Stop the letters by the link in a letter, as a mail client does."""
    link = re.search(r"/letters/[\w.~-]+", str(letter["List-Unsubscribe"]))
    if link is None:
        raise NewsroomError("The letter has no link that stops the letters.")
    _right(browser.client.post(link[0], data={"List-Unsubscribe": "One-Click"}))
    browser.acts["letters stopped"] = 1


def _right(answer: Response) -> Response:
    if answer.status_code >= 400:
        raise NewsroomError(
            f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:300]}"
        )
    return answer
