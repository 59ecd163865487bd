"""A reader's page as a mail: HTML beside plain text, by RFC 5322 and 2045, with a way to stop the letters."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from broadsheet.pages.letter import letter_html, letter_text
from broadsheet.pages.page import Page
from broadsheet.pages.rendering import story_fields
from broadsheet.text import one_line, shortened

MOST_BYTES = 100_000
"""Most bytes of the HTML: mail clients cut a longer letter off at 102 KB."""
LINE = 990
"""Most characters of a header's line: RFC 5322 allows 998, and a broken address would stop no letters."""
SUBJECT = 78
"""Most characters of a subject."""


@dataclass(frozen=True)
class Sender:
    """Who sends the letters, and where readers stop them."""

    address: str
    "The mail address in From."
    public_url: str
    "The address of the service; empty for letters without a link that stops them."


def make_mail(page: Page, address: str, sender: Sender, token: str, now: datetime) -> EmailMessage:
    """Return the letter of a page to a mail address; `token` stops the letters, and is empty without a public_url.

    Stories that would make the HTML too long are left out, the last first.
    """
    stop = f"{sender.public_url.rstrip('/')}/letters/{token}" if token else ""
    mail = EmailMessage(policy=SMTP.clone(max_line_length=LINE))
    name, domain = one_line(page.look.name), sender.address.rpartition("@")[2]
    mail["From"] = Address(name, addr_spec=sender.address)
    mail["To"] = Address(addr_spec=address)
    mail["Subject"] = subject_of(page)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{hashlib.sha256(f'{page.page_id} {address}'.encode()).hexdigest()[:32]}@{domain}>"
    if stop:
        mail["List-Unsubscribe"] = f"<{stop}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    count = page.stories.num_rows
    while len((html := letter_html(page, count, stop)).encode()) > MOST_BYTES and count > 1:
        count -= 1
    mail.set_content(letter_text(page, count, stop), cte="quoted-printable")
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    return mail


def subject_of(page: Page) -> str:
    """Return the headline of the first story, with what a page marks it as."""
    rows = page.stories.slice(0, 1).to_pylist()
    lead = story_fields(rows[0], page.look)["marked"] if rows else page.look.name
    return shortened(one_line(lead), SUBJECT)
