"""A letter as a mail: HTML and plain text that mail clients show, and headers that no headline can write."""

import re
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser

import pyarrow as pa

from broadsheet.letters.mail import MOST_BYTES, make_mail
from tests.letters.conftest import NOW, SENDER


class Parts(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))


def page_with(pipeline, reader, **columns):
    """The reader's page with other values in all rows of some columns."""
    page = pipeline.run(reader, 5)
    table = page.stories
    for name, value in columns.items():
        field = table.schema.field(name)
        place = table.schema.get_field_index(name)
        table = table.set_column(place, field, pa.array([value] * len(table), field.type))
    return replace(page, stories=table)


HOSTILE = "<script>alert(1)</script> & “quotes”"


def parts_of(mail):
    read = message_from_bytes(mail.as_bytes(), policy=default)
    return read, read.get_body(("plain",)).get_content(), read.get_body(("html",)).get_content()


def test_a_letter_keeps_the_rules_of_mail_clients(pipeline, readers):
    kept = [("image_url", "https://pictures.example/1.jpg")]
    page = page_with(pipeline, readers[0], headline=HOSTILE, kept=kept)
    read, plain, html = parts_of(make_mail(page, "maya@example.org", SENDER, "t" * 200, NOW))
    tags = Parts(html).tags
    assert not {tag for tag, _ in tags} & {"script", "style", "link", "form", "iframe", "object", "svg", "video"}
    assert all(not name.startswith("on") for _, attributes in tags for name in attributes)
    assert all("style" in attributes for tag, attributes in tags if tag in ("td", "h1", "h2", "p", "a", "img"))
    images = [attributes for tag, attributes in tags if tag == "img"]
    assert images and all(image["src"].startswith("https://") and image["alt"] and image["width"] for image in images)
    assert "&lt;script&gt;" in html and HOSTILE in plain and len(html.encode()) < MOST_BYTES
    assert all(table["role"] == "presentation" for tag, table in tags if tag == "table")
    assert read["List-Unsubscribe"] == f"<https://news.example/letters/{'t' * 200}>"
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"https://news.example/letters/{'t' * 200}" in plain


def test_the_lines_of_a_letter_are_as_long_as_the_standard_allows(pipeline, readers):
    raw = make_mail(pipeline.run(readers[0], 5), "maya@example.org", SENDER, "t" * 200, NOW).as_bytes()
    assert max(map(len, raw.split(b"\r\n"))) <= 998 and b"=?utf-8?q?=3Chttps" not in raw
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_an_image_that_is_not_https_is_left_out(pipeline, readers):
    page = page_with(pipeline, readers[0], kept=[("image_url", "http://pictures.example/1.jpg")])
    assert "<img" not in parts_of(make_mail(page, "maya@example.org", SENDER, "", NOW))[2]


def test_a_letter_that_would_be_cut_off_has_fewer_stories(pipeline, readers):
    page = page_with(pipeline, readers[0], summary="word " * 8000)
    _, plain, html = parts_of(make_mail(page, "maya@example.org", SENDER, "", NOW))
    assert len(html.encode()) <= MOST_BYTES
    assert html.count("<h2") == len(re.findall(r"^\d+\. ", plain, re.MULTILINE)) < page.stories.num_rows


def test_a_headline_cannot_write_headers(pipeline, readers):
    page = page_with(pipeline, readers[0], headline="News\r\nBcc: all@example.org")
    mail = make_mail(page, "maya@example.org", SENDER, "", NOW)
    assert mail["Subject"] == "News Bcc: all@example.org" and mail["Bcc"] is None
