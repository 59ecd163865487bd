"""The desk as an editor without JavaScript uses it."""

import re
from datetime import UTC, datetime

import pytest

from broadsheet.importers.transaction import Import
from broadsheet.orders.order import Bury, Order, Pin
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import NEWS
from tests.support.late_articles import row
from tests.support.tiny import make_news

TITLE = {one["news_id"]: one["title"] for one in make_news()}


def shown(desk):
    """The ids of the stories on the page in sight, the first first."""
    return re.findall(r'<h2>.*?href="/desk/story/([^"]+)"', desk.page)


def test_who_is_not_signed_in_is_led_to_sign_in_and_changes_nothing(client, book):
    for address in ("/desk", "/desk/orders", "/desk/log", "/desk/knobs", "/desk/story/N1"):
        answer = client.get(address, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert client.post("/desk/orders", data={"kind": "bury", "news_id": "N1"}, follow_redirects=False).status_code in (
        303,
        403,
    )
    assert not book().standing


def test_a_form_without_its_token_or_from_another_site_changes_nothing(ann, book):
    ann.see("/desk")
    form = {"kind": "bury", "news_id": "N1", "seen": "0"}
    for more, headers in (({}, {}), ({"csrf_token": "x" * 64}, {}), ({}, {"origin": "https://evil.example"})):
        assert ann.client.post("/desk/orders", data={**form, **more}, headers=headers).status_code == 403
    assert not book().standing


def test_the_front_page_of_each_reader_type_has_reasons_and_scores(ann):
    ann.see("/desk")
    assert ann.status == 200 and len(shown(ann)) >= 5 and "Front page for a new reader" in ann.page
    assert "Freshness" in ann.page and '<th scope="row">Score</th>' in ann.page
    for asked in ({"for": "category", "name": "sports"}, {"for": "reader", "name": "fan"}):
        ann.see("/desk", **asked)
        assert ann.status == 200 and 'class="why"' in ann.page
    ann.see("/desk", **{"for": "reader", "name": "<script>alert(1)</script>"})
    assert ann.status == 200 and "<script>alert" not in ann.client.get("/desk?for=reader&name=<script>alert").text


def test_pinning_moves_the_story_for_readers_at_once_and_undo_brings_the_page_back(ann, book, app):
    ann.see("/desk")
    before = shown(ann)
    last = before[-1]
    form = {"kind": "pin", "news_id": last, "slot": "2"}
    ann.send("/desk/orders", **form)
    assert ann.status == 200 and f"Saved: Pin {last} to slot 2 for all readers." in ann.page
    assert shown(ann)[1] == last
    assert app.state.service.pipeline.run("nobody", 5).stories["news_id"][1].as_py() == last
    ann.send(f"/desk/changes/{book().changes[-1].number}/undo")
    assert shown(ann) == before and not book().standing


def test_burying_takes_the_story_from_the_page_until_its_time_ends(ann, book):
    ann.see("/desk")
    first = shown(ann)[0]
    ann.send("/desk/orders", kind="bury", news_id=first, ends="2024-01-01T00:00")
    assert first in shown(ann), "its time is over"
    ann.send("/desk/orders", kind="bury", news_id=first, ends="2100-01-01T00:00")
    assert first not in shown(ann)
    ann.see("/desk/orders")
    assert f"Bury {first} until 2100-01-01 00:00 UTC" in ann.page and "In force" in ann.page
    ann.send(f"/desk/orders/{book().standing[0].order_id}/remove")
    assert "No order stands." in ann.page


@pytest.mark.parametrize(
    "form, said",
    [
        ({"kind": "pin", "news_id": "N1", "slot": "0"}, "slot: Input should be greater than or equal to 1"),
        ({"kind": "pin", "news_id": "unknown"}, "expected the id of an article"),
        ({"kind": "boost", "column": "mood", "value": "x", "lift": "1"}, "no article here has a column 'mood'"),
        ({"kind": "boost", "column": "category", "value": "sports", "lift": "much"}, "lift: "),
        ({"kind": "bury", "news_id": "N1", "ends": "soon"}, "ends: "),
        ({"kind": "bury", "news_id": "N1", "starts": "2100-01-01T00:00", "ends": "2099-01-01T00:00"}, "later time"),
        ({"kind": "shout"}, "kind"),
        ({"kind": "rewrite", "news_id": "N1", "content_hash": "0" * 16, "headline": "x"}, "own page"),
        ({}, "kind"),
    ],
)
def test_a_wrong_order_is_refused_in_a_sentence_and_nothing_is_saved(ann, book, form, said):
    ann.see("/desk/orders")
    token = re.search(r'name="csrf_token" value="([^"]+)"', ann.page)[1]
    answer = ann.client.post("/desk/orders", data={"csrf_token": token, **form})
    assert answer.status_code == 422 and said in answer.text.replace("&#39;", "'"), answer.text
    assert not book().standing


def test_of_two_editors_the_second_sees_what_the_first_changed_and_may_put_theirs_in_its_place(ann, bob, book):
    ann.see("/desk/story/N58")
    bob.see("/desk/story/N58")
    ann.send("/desk/orders", slot="3")
    bob.send("/desk/orders", slot="7")
    assert bob.status == 409 and "Pin N58 to slot 3" in bob.page and "ann" in bob.page
    assert [str(one.order) for one in book().standing] == ["Pin N58 to slot 3 for all readers"]
    bob.send("/desk/orders")
    assert bob.status == 200
    assert [(one.editor, one.order.what.slot) for one in book().standing] == [("bob", 7)]
    bob.see("/desk/log")
    rows = re.findall(r"<tr>(.*?)</tr>", bob.page, re.DOTALL)
    assert "bob" in rows[1] and "slot 3" in rows[1] and "slot 7" in rows[1], "from and to"


def test_a_boost_and_a_cap_hold_for_a_whole_section(ann, book, app):
    ann.see("/desk/orders")
    ann.send("/desk/orders", kind="boost", column="category", value="science", lift="2")
    pipeline = app.state.service.pipeline
    assert set(pipeline.run("nobody", 5).stories["category"].to_pylist()) == {"science"}
    ann.send(f"/desk/changes/{book().changes[-1].number}/undo")
    ann.send("/desk/orders", kind="cap", column="category", value="science", lift="", most="2")
    assert pipeline.run("nobody", 6).stories["category"].to_pylist().count("science") == 2


def test_a_rewrite_is_shown_if_the_gate_passes_it_and_else_only_anyway_which_the_log_says(ann, book, app):
    ann.see("/desk/story/N57")
    assert (
        ann.page.count("<section aria-label=") >= 3 and "The publisher’s words" in ann.page and "An extract" in ann.page
    )
    ann.send("/desk/rewrite/N57", headline="Arsenal wins 300 cups in Paris", summary="")
    assert ann.status == 422 and "Headline: number 300" in ann.page and "Publish anyway" in ann.page
    assert 'value="Arsenal wins 300 cups in Paris"' in ann.page, "the words are not lost"
    assert not book().standing
    ann.send("/desk/rewrite/N57", headline="Arsenal wins 300 cups in Paris", summary="", anyway="yes")
    assert ann.status == 200 and "Published anyway. headline: " in ann.page
    assert "number 300" in book().changes[-1].note and book().changes[-1].editor == "ann"
    pipeline = app.state.service.pipeline
    assert pipeline.stories(["N57"])["headline"][0].as_py() == "Arsenal wins 300 cups in Paris"
    ann.see("/desk/log")
    assert "Published anyway. headline: number 300" in ann.page.replace("\n", "")


def test_words_for_a_text_that_changed_meanwhile_are_not_saved(ann, book, app):
    ann.see("/desk/story/N56")
    app.state.service.pipeline.add(row("N56", title="Another title of the team"))
    ann.send("/desk/rewrite/N56", headline="The team", summary="Two\r\nlines")
    assert ann.status == 409 and "text has changed" in ann.page and not book().standing


def test_an_embargo_hides_a_story_at_once_and_taken_off_the_publishers_own_holds_again(ann, book, app):
    pipeline = app.state.service.pipeline

    def until():
        return pipeline.bench.data.catalogue.shown_when("N53")["embargo_until"]

    def there():
        return "N53" in pipeline.stories(["N53"])["news_id"].to_pylist()

    ann.see("/desk/story/N53")
    ann.send("/desk/orders", kind="embargo", news_id="N53", slot="", until="2100-01-01T00:00")
    assert ann.status == 200 and not there() and until().year == 2100
    assert "Embargo N53 until 2100-01-01 00:00 UTC" in ann.page
    ann.see("/desk/story/N53")
    assert ann.status == 200 and "now 2100-01-01 00:00 UTC" in ann.page, "the desk still shows it"
    ann.send("/desk/orders", kind="embargo", news_id="N53", slot="", until="")
    assert there() and "No embargo on N53" in ann.page
    ann.send(f"/desk/changes/{book().changes[-1].number}/undo")
    assert not there()
    ann.send(f"/desk/orders/{book().standing[0].order_id}/remove")
    assert there() and until() is None


def test_no_article_that_the_publisher_sends_again_ends_an_editors_embargo(ann, book, app, served):
    pipeline = app.state.service.pipeline
    expires = datetime(2099, 1, 1, tzinfo=UTC)  # before the editor's embargo ends: the order is no mistake of the row

    def there():
        return "N50" in pipeline.stories(["N50"])["news_id"].to_pylist()

    ann.see("/desk/story/N50")
    ann.send("/desk/orders", kind="embargo", news_id="N50", slot="", until="2100-01-01T00:00")
    report = pipeline.add({**row("N50", title="The team again"), "embargo_until": None, "expires_at": expires})
    assert not there() and report.notes["news: embargo left as an editor ordered it"] == 1
    with Import(served) as add:
        add.news([{**row("N50", title="The team once more"), "embargo_until": None}])
    (until,) = [one["embargo_until"] for one in read_table(served.news, NEWS).to_pylist() if one["news_id"] == "N50"]
    assert until.year == 2100
    ann.send(f"/desk/orders/{book().standing[0].order_id}/remove")
    assert there()


def test_an_unknown_story_is_not_found_and_an_id_may_have_any_characters(ann, app):
    ann.see("/desk/story/unknown")
    assert ann.status == 404
    app.state.service.pipeline.add(row("a/b?c d", title="The match of the <b>team</b>"))
    answer = ann.client.get("/desk/story/a/b%3Fc%20d")
    assert answer.status_code == 200 and "<b>team" not in answer.text


def test_the_style_and_the_script_are_files_of_the_service_and_no_others_are(ann):
    for name in ("desk.css", "desk.js"):
        assert ann.client.get(f"/desk/static/{name}").status_code == 200
    for name in ("base.html", "..%2fbase.html", "%2e%2e%2f__init__.py"):
        assert ann.client.get(f"/desk/static/{name}").status_code == 404
    page = ann.see("/desk")
    assert "<style" not in page and " style=" not in page and " onclick=" not in page


def test_orders_that_were_given_elsewhere_are_on_the_page(ann, book):
    book.save(Order(what=Pin(news_id="N55", slot=1)), "key", 0)
    book.save(Order(what=Bury(news_id="gone")), "key", 0)
    ann.see("/desk")
    assert shown(ann)[0] == "N55" and "Pin N55 to slot 1 for all readers" in ann.page
    assert ann.see("/desk/orders") and ann.status == 200 and "Bury gone" in ann.page
