"""The look of a page: name, logo, language, images, details, and a template of the site's own."""

import base64
import re
from datetime import UTC, datetime

import pytest

from broadsheet.config.filters import PageConfig
from broadsheet.errors import ConfigError
from broadsheet.pages.labels import LANGUAGES, labels_of
from broadsheet.pages.look import Look, read_look
from broadsheet.tables.kept import kept_rows
from tests.pages.test_page import Elements, on_terminal, page, story

MORNING = datetime(2017, 1, 3, 6, 30, tzinfo=UTC)


def look(tmp_path, **settings):
    return read_look(tmp_path, PageConfig(**settings))


def test_a_page_has_the_sites_name_and_the_readers(tmp_path):
    made = page(story(), look=look(tmp_path, name="The <Orbit>"), name="Maya & Co")
    elements = Elements(made.to_html())
    assert "The <Orbit>" in elements.text and "For Maya & Co" in elements.text and "U1" not in elements.text
    assert str(made).startswith("THE <ORBIT>\nFor Maya & Co · Tuesday, 3 January 2017")
    assert "THE <ORBIT>" in on_terminal(made)
    assert "For Maya" in str(page(story(), kind="new", name="Maya"))
    assert "In answer to “tea”, for Maya" in str(page(story(), kind="request", request="tea", name="Maya"))


def test_timings_signals_and_refused_drafts_are_for_readers_only_if_asked(tmp_path):
    made = page(story(checks=["gpt summary: number 300"]), timings={"retrieve": 0.004}, look=look(tmp_path))
    for text in (Elements(made.to_html()).text, str(made), on_terminal(made)):
        assert "Headline written by GPT, summary taken from the article" in text
        assert not re.search("Relevance|Score|number 300|Made in", text)
    assert "<details" not in made.to_html()
    asked = page(story(checks=["gpt summary: number 300"]), timings={"retrieve": 0.004}, look=Look(details=True))
    assert re.search("Relevance(.|\n)*number 300(.|\n)*Made in 4 ms", Elements(asked.to_html()).text)


def test_an_article_with_an_image_shows_it_and_only_then_may_the_page_load_images(tmp_path):
    kept = kept_rows({"photo": "https://a.example/1.jpg?a=1&b=2"})
    with_photo = look(tmp_path, image="photo")
    elements = Elements(page(story(kept=kept), story(2), look=with_photo).to_html())
    (image,) = elements.named("img")
    assert image["src"] == "https://a.example/1.jpg?a=1&b=2" and image["alt"] == ""
    policy = next(one["content"] for one in elements.named("meta") if "http-equiv" in one)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data: https: http:"
    for bad in ("javascript:alert(1)", "", "data:text/html,x", "/1.jpg"):
        bare = page(story(kept=kept_rows({"photo": bad})), look=with_photo).to_html()
        assert "<img" not in bare and 'img-src data:"' in bare
    assert "<img" not in page(story(kept=kept), look=look(tmp_path)).to_html(), "another column holds no images"


def test_a_logo_is_part_of_the_page_or_an_address(tmp_path):
    (tmp_path / "logo.png").write_bytes(b"not looked into")
    logo = look(tmp_path, logo="logo.png", name="Orbit")
    (image,) = Elements(page(story(), look=logo).to_html()).named("img")
    assert image == {"src": "data:image/png;base64," + base64.b64encode(b"not looked into").decode(), "alt": "Orbit"}
    assert look(tmp_path, logo="https://a.example/logo.svg").logo == "https://a.example/logo.svg"


@pytest.mark.parametrize(
    "language, texts",
    [
        (
            "da",
            ["Tirsdag den 3. januar 2017", "Til U1", "Hvorfor:", "2. januar 2017", "1 historie", "Overskrift skrevet"],
        ),
        ("de", ["Dienstag, 3. Januar 2017", "Für U1", "Warum:", "2. Januar 2017", "1 Artikel", "Titel von GPT"]),
        ("fr", ["Mardi 3 janvier 2017", "Pour U1", "Pourquoi :", "2 janvier 2017", "1 article", "Titre écrit par GPT"]),
    ],
)
def test_labels_and_dates_are_in_the_language_of_the_site(tmp_path, language, texts):
    html = page(story(), look=look(tmp_path, language=language)).to_html()
    text = " ".join(Elements(html).text.split())
    assert all(one in text for one in texts) and f'<html lang="{language}">' in html
    assert LANGUAGES[language].keys() == LANGUAGES["en"].keys()
    assert not re.search("Why|January|headline", text)


def test_labels_of_the_sites_own_stand_in_for_ours(tmp_path):
    made = page(story(), look=look(tmp_path, labels={"why": "Chosen since", "for": "Printed for {reader}"}))
    assert "Chosen since You follow space." in str(made) and "Printed for U1" in made.to_html()
    every = {
        name: f"x {text}" if name not in ("weekdays", "months") else text for name, text in LANGUAGES["en"].items()
    }
    assert labels_of("sv", every) == every


@pytest.mark.parametrize(
    "settings, told",
    [
        ({"labels": {"wy": "x"}}, "page.labels.wy: no such label; known: why, "),
        ({"labels": {"for": "For {whom}"}}, "page.labels.for: found 'For {whom}', expected {reader}"),
        ({"labels": {"for": "For {reader.__class__}"}}, "page.labels.for: found"),
        ({"labels": {"for": "For {reader"}}, "page.labels.for: found"),
        ({"labels": {"months": "Jan Feb"}}, "page.labels.months: found 'Jan Feb', expected 12 names"),
        ({"language": "sv", "labels": {"why": "x"}}, "page.language: found 'sv', expected en, da, de, fr, or .* score"),
        ({"logo": "logo.txt"}, "page.logo: found 'logo.txt', expected a file with .png"),
        ({"logo": "none.png"}, "page.logo: .*none.png: No such file or directory"),
        ({"templates": "none"}, "page.templates: .*none/page.html: no such file"),
        ({"templates": "broken"}, "page.templates: .*broken/page.html: .*Mend the template"),
    ],
)
def test_what_is_wrong_with_a_look_is_one_sentence(tmp_path, settings, told):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "page.html").write_text("{% for %}")
    with pytest.raises(ConfigError, match=told):
        look(tmp_path, **settings)


def test_a_template_of_the_sites_own_has_the_stories_with_their_kept_columns(tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(
        "{% for story in stories %}<p>{{ story.rank }} {{ story.headline }} by {{ story.kept.author }}</p>{% endfor %}"
    )
    own = look(tmp_path, templates="templates")
    made = page(story(headline="A & B", kept=kept_rows({"author": "<i>Ann</i>"})), look=own)
    assert made.to_html() == "<p>1 A &amp; B by &lt;i&gt;Ann&lt;/i&gt;</p>"
    with pytest.raises(
        ConfigError, match=r"page\.templates: .*page\.html: UndefinedError: .*author.*Mend the template"
    ):
        page(story(), look=own).to_html()


def test_a_template_may_change_a_part_of_ours(tmp_path):
    (tmp_path / "page.html").write_text(
        '{% extends "broadsheet.html" %}{% block footer %}<p>{{ look.name }}: our end</p>{% endblock %}'
    )
    html = page(story(), look=look(tmp_path, templates=".", name="Orbit")).to_html()
    assert "Orbit: our end" in html and "A postcard from Mars" in html and "Chosen and written" not in html


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "3,823"), ("da", "3.823"), ("de", "3.823"), ("fr", "3\u202f823"), ("nl", "3\u202f823")],
)
def test_a_number_is_written_as_the_language_writes_it(language, written):
    assert Look(language=language).number(3823) == written
    assert [Look(language=language).number(count) for count in (0, 999)] == ["0", "999"]
    assert Look(language=language).number(1234567).count(written[1]) == 2
