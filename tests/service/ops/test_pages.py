import re
from datetime import UTC, datetime

import pytest

from broadsheet.config.experiments import ArmConfig, ExperimentConfig
from broadsheet.experiments.measure import measure
from broadsheet.newsroom.manifest import write_manifest
from broadsheet.nightly.build import build
from broadsheet.pages.templates import environment
from broadsheet.service.ops.charts import drift, intervals, spark
from broadsheet.service.ops.experiments import experiment_view
from broadsheet.service.ops.words import bytes_in_words, number, seconds_in_words
from broadsheet.service.security.accounts.users import add_user
from broadsheet.service.security.caller import Caller, caller_of
from tests.support.logged_events import make_events

PASSWORD = "a long enough password"
PAGES = (
    "/ops",
    "/ops/editions",
    "/ops/editions/latest",
    "/ops/drift",
    "/ops/experiments",
    "/ops/rollback",
    "/ops/prune",
)
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture(scope="module")
def room(room):
    """The newsroom with two editions, of which the second is current."""
    build(room, "all")
    return room


@pytest.fixture(scope="module")
def operator(client):
    """A browser in which an operator signed in, as the audit log knows."""
    app = client.app
    add_user(app.state.service.state, "olga", "operator", PASSWORD, "the tests")
    add_user(app.state.service.state, "eddy", "editor", PASSWORD, "the tests")
    as_key = app.dependency_overrides.pop(caller_of)
    _sign_in(client, "olga")
    yield client
    client.cookies.clear()
    app.dependency_overrides[caller_of] = as_key


def _sign_in(client, name):
    client.cookies.clear()
    answer = client.post("/login", data={"name": name, "password": PASSWORD})
    assert answer.status_code == 303, answer.text


def test_the_first_page_says_for_which_reasons_events_were_refused(operator, client):
    service, event = client.app.state.service, {"event_id": "e", "user_id": "u", "time": "2024-05-01T00:00:00Z"}
    service.log([event | {"kind": "dance"}, event | {"kind": "click", "news_id": "no such article"}])
    service.log([event | {"kind": "dance"}])
    text = " ".join(re.sub("<[^>]*>", " ", operator.get("/ops").text).split())
    assert "Refused: unknown kind 2" in text and "Refused: unknown article 1" in text


def confirmed(browser, address, **fields):
    """Send the form of a page, with its token."""
    token = TOKEN.search(browser.get(address).text)[1]
    return browser.post(address, data={"csrf_token": token, **fields})


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_plain_html_without_style_attributes_scripts_or_other_hosts(operator, address):
    answer = operator.get(address)
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/html; charset=utf-8"
    text = answer.text
    assert not re.search(r"\sstyle=|<style|<script|\son\w+=|https?://", text)
    assert text.count("<h1>") == 1 and '<html lang="en">' in text and len(text) < 100_000
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'aria-labelledby="([^"]+)"', text)) <= set(ids)
    for svg in re.findall(r"<svg[^>]*>", text):
        assert 'role="img"' in svg and re.search(r'aria-label="[^"]{10,}"', svg)


def test_a_page_loads_its_style_which_is_kept_for_a_year(operator):
    address = re.search(r'href="(/ops/ops.css\?v=[0-9a-f]{12})"', operator.get("/ops").text)[1]
    answer = operator.get(address)
    assert answer.headers["content-type"].startswith("text/css") and "immutable" in answer.headers["cache-control"]


def test_who_is_not_signed_in_is_sent_to_sign_in_and_an_editor_is_refused(operator):
    try:
        _sign_in(operator, "eddy")
        assert operator.get("/ops").status_code == 403
        assert operator.post("/ops/prune", data={"confirm": "x"}).status_code == 403
        operator.cookies.clear()
        for address in PAGES:
            assert operator.get(address).headers["location"] == "/login"
        assert operator.post("/ops/rollback").headers["location"] == "/login"
    finally:
        _sign_in(operator, "olga")


def test_a_change_without_the_token_is_refused(operator, room):
    current = room.current_name()
    for address in ("/ops/rollback", "/ops/prune", f"/ops/editions/{current}/publish"):
        assert operator.post(address, data={"confirm": current}).status_code == 403
        answer = operator.post(address, data={"confirm": current}, headers={"Origin": "https://elsewhere.example"})
        assert answer.status_code == 403
    assert room.current_name() == current and len(room.editions()) == 2


def test_a_change_that_is_not_confirmed_by_name_changes_nothing_and_says_so(operator, room):
    current = room.current_name()
    for name in ("", "2026", current[:-1]):
        answer = confirmed(operator, "/ops/rollback", confirm=name)
        assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert room.current_name() == current


def test_an_operator_rolls_back_and_publishes_again_and_the_audit_log_says_who(operator, room):
    first, second = [edition.name for edition in room.editions()]
    assert first in operator.get("/ops/rollback").text
    answer = confirmed(operator, "/ops/rollback", confirm=second)
    assert answer.status_code == 303 and room.current_name() == first
    assert "earlier edition is current again" in operator.get(answer.headers["location"]).text
    assert confirmed(operator, "/ops/rollback", confirm=first).status_code == 409  # nothing is before it
    answer = confirmed(operator, f"/ops/editions/{second}/publish", confirm=second)
    assert answer.status_code == 303 and room.current_name() == second
    text = operator.get("/ops/editions").text
    assert text.index("edition published") < text.index("rolled back") and "olga" in text
    assert f"{second} to {first}" in text


def test_a_change_by_the_api_is_in_the_audit_log_too(client, operator, room):
    current = room.current_name()
    as_operator = Caller("key", "night", frozenset({"operations"}))
    client.app.dependency_overrides[caller_of] = lambda: as_operator
    try:
        assert client.post("/v1/editions/prune", json={"confirm": current, "keep": 9}).status_code == 200
    finally:
        del client.app.dependency_overrides[caller_of]
    text = operator.get("/ops/editions").text
    assert "key night" in text and "0 removed, 9 kept" in text


def test_an_edition_that_is_not_there_is_said_in_a_page(operator):
    for address in ("/ops/editions/none", "/ops/editions/none/publish", "/ops/editions/%3Cscript%3E"):
        answer = operator.get(address)
        assert answer.status_code == 404 and "No edition has this name" in answer.text and "<script" not in answer.text
    assert confirmed(operator, "/ops/rollback", confirm="<script>").text.count("<script") == 0


def test_a_notice_is_one_of_ours_alone(operator):
    assert "call this number" not in operator.get("/ops/editions?done=call+this+number").text


def test_an_edition_that_was_kept_back_says_why_on_its_page(operator, room):
    edition = room.editions()[0]
    before = edition.read_manifest()
    write_manifest(edition.manifest, before | {"published": False, "reasons": ["recall <fell> to 0.5"]})
    try:
        for address in (f"/ops/editions/{edition.name}", "/ops/editions"):
            assert "recall &lt;fell&gt; to 0.5" in operator.get(address).text
    finally:
        write_manifest(edition.manifest, before)


def test_pruning_shows_what_goes_and_removes_it(operator, room):
    first, second = [edition.name for edition in room.editions()]
    shown = operator.get("/ops/prune?keep=1").text
    assert f"Removed: {first}." in shown and f"Removed: {second}" not in shown
    answer = confirmed(operator, "/ops/prune?keep=1", keep="1", confirm=second)
    assert answer.status_code == 303 and [edition.name for edition in room.editions()] == [second]
    assert operator.get("/ops/prune?keep=0").status_code == 422


def test_the_line_of_events_fits_its_box_and_is_said_in_words():
    drawn = spark([0.0, 2.0, 1.0])
    assert drawn.points == "0.0,62.0 180.0,2.0 360.0,32.0" and "1.0 now, 2.0 at most" in drawn.said
    assert not spark([1.0]).points


def test_a_chart_of_drift_has_its_bound_and_says_what_is_beyond():
    gate = {"figures": {"recall": 0.9, "lost": 0.01}, "bounds": {"min_recall": 0.95, "max_lost": 0.02}}
    recall, lost = drift([{"name": "2026-11-30T21-35-46", "published": True, "gate": gate}])
    assert recall["is_beyond"] and recall["last"] == "0.1" and recall["bound_y"] == 48
    assert not lost["is_beyond"] and lost["bound_y"] == 0
    assert drift([]) == []


def test_intervals_are_drawn_around_zero_and_unknown_ones_are_left_out():
    chart = intervals([("b", {"mean": 0.1, "low": -0.1, "high": 0.2}), ("c", {"mean": 0.1, "low": None, "high": None})])
    (row,) = chart["rows"]
    assert row["low"] < chart["zero"] < row["mean"] < row["high"] <= 360 and "b: +10.00%" in chart["said"]
    assert intervals([("c", {"mean": None, "low": None, "high": None})]) is None


def shown(documents):
    """The page of experiments with these results."""
    shared = dict.fromkeys(("newsroom", "user", "here", "field", "token", "style", "problem"), "")
    views = [experiment_view(document) for document in documents]
    at = datetime(2026, 11, 30, tzinfo=UTC)
    return (
        environment("broadsheet.service.ops", "templates")
        .get_template("experiments.html")
        .render(shared | {"experiments": views, "measured_at": at})
    )


def test_an_experiment_is_shown_before_and_after_its_first_pages(clicked):
    experiment = ExperimentConfig(arms={"old <b>": ArmConfig(), "new": ArmConfig()})
    events = make_events("fresher", experiment, readers=300, rates=(0.2, 0.4))
    text = shown([measure(clicked, "fresher", experiment, events)])
    assert "<svg" in text and "old &lt;b&gt; is the control" in text and "Change of the clicks a page" in text
    text = shown([measure(clicked, "fresher", experiment, events.slice(0, 0))])
    assert "too few readers or clicks" in text and "not known yet" in text


def test_an_interleaved_experiment_is_shown_by_its_votes(clicked):
    experiment = ExperimentConfig(kind="interleaving", arms={"old": ArmConfig(), "new": ArmConfig()})
    document = measure(clicked, "fresher", experiment, make_events("other", ExperimentConfig(arms=experiment.arms)))
    assert "votes for new" in shown([document]) and "too few readers or clicks" in shown([document])
    surplus = {"mean": 0.2, "low": 0.1, "high": 0.3}
    assert "new: +20.00%, between +10.00% and +30.00%" in shown([document | {"surplus": surplus}])


def test_numbers_are_written_in_the_unit_that_reads_best():
    assert [number(value) for value in (12345.0, 1.25)] == ["12,345", "1.2"]
    assert [bytes_in_words(value) for value in (12, 1_500, 2.5e9)] == ["12 bytes", "1.5 KB", "2.5 GB"]
    assert [seconds_in_words(value) for value in (0.0123, 0.5, 7, 7200, 200_000)] == [
        *("12.3 ms", "500 ms", "7.0 s", "2.0 hours", "2.3 days")
    ]
