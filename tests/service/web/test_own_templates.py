"""The site's own templates and style on the service's pages."""

import re

import pytest

from broadsheet.config.filters import PageConfig
from broadsheet.errors import ConfigError
from broadsheet.pages.look import read_look

FRONT = """{% extends "broadsheet/front.html" %}
{% block colophon %}
<p class="ours">The Harbour Post, {{ stories | length }} stories, {{ paper.look.number(3823) }}</p>
{% endblock %}
"""


@pytest.fixture(scope="module")
def served(served):
    """The newsroom with a front page and a style of its own, and with a template that fails."""
    folder = served.path / "templates" / "web"
    folder.mkdir(parents=True)
    (folder / "front.html").write_text(FRONT)
    (folder / "saved.html").write_text(
        '{% extends "broadsheet/saved.html" %}{% block main %}{{ nothing }}{% endblock %}'
    )
    (folder / "about.html").write_text('{% extends "base.html" %}{% block title %}{{ words.__class__ }}{% endblock %}')
    (folder / "site.css").write_text("h1 { color: teal; }")
    settings = served.config_file.read_text("utf-8")
    served.config_file.write_text(settings.replace("[page]\n", '[page]\ntemplates = "templates"\n'), "utf-8")
    return served


def test_a_template_of_the_site_changes_a_part_of_ours_and_keeps_the_rest(visitor):
    page = visitor.get("/").text
    assert '<p class="ours">The Harbour Post, 20 stories, 3,823</p>' in page
    assert page.count("<article") == 20 and 'action="/consent"' in page
    assert "The Harbour Post" not in visitor.get("/ask").text
    assert "The Harbour Post" in visitor.get("/section/science").text


def test_the_sites_style_comes_after_ours_under_an_address_of_its_content(visitor):
    styles = re.findall(r'<link rel="stylesheet" href="([^"]+)">', visitor.get("/ask").text)
    assert [address.partition("?")[0] for address in styles] == ["/static/paper.css", "/static/site.css"]
    answer = visitor.get(styles[1])
    assert answer.text == "h1 { color: teal; }" and answer.headers["content-type"].startswith("text/css")
    assert "style-src 'self';" in visitor.get("/").headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/saved", "/about-this-page"])
def test_a_template_that_fails_or_reaches_into_the_program_gives_way_to_ours(visitor, path, caplog):
    answer = visitor.get(path)
    assert answer.status_code == 200 and "<h1>" in answer.text and "class" not in answer.text.partition("</title>")[0]
    (said,) = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
    assert said.startswith("page.templates: ") and ("UndefinedError" in said or "SecurityError" in said)


def test_a_template_with_an_error_is_named_before_any_page_is_made(tmp_path):
    (tmp_path / "web").mkdir()
    read_look(tmp_path, PageConfig(templates="."))
    (tmp_path / "web" / "front.html").write_text("{% block main %}")
    with pytest.raises(ConfigError, match=r"page\.templates: .*web/front\.html: .*Mend the template"):
        read_look(tmp_path, PageConfig(templates="."))


def test_a_site_without_a_style_of_its_own_has_no_address_for_it(tmp_path):
    from broadsheet.pages.look import Look
    from broadsheet.service.web.making.static_content import site_style

    assert site_style(Look()) is None and site_style(Look(templates=str(tmp_path))) is None
