"""The example alerts and the dashboard in docs/monitoring ask for metrics that exist, by labels that these have."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from broadsheet.operations.prometheus import HELP

FOLDER = Path(__file__).parents[3] / "docs" / "monitoring"
NAME = re.compile(r"\b(?:broadsheet|process|python)_[a-z0-9_]+")
SELECTED = re.compile(r"\b((?:broadsheet|process|python)_[a-z0-9_]+)\{([^}]*)\}")
GROUPED = re.compile(r"\bby \(([^)]*)\)")


def alerts():
    (group,) = yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def dashboard():
    return json.loads((FOLDER / "grafana.json").read_text("utf-8"))


def queries():
    """All queries of both files."""
    board = dashboard()
    of_panels = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    of_marks = [mark["expr"] for mark in board["annotations"]["list"]]
    return [rule["expr"] for rule in alerts().values()] + of_panels + of_marks


@pytest.fixture(scope="module")
def known(client):
    """The labels of each sample that the service or the textfile of a build has."""
    client.get("/v1/readers/somebody/page?k=2")
    found = {name: {"stage", "figure", "table", "count"} for name in HELP}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        name = family.name + ("_total" if family.type == "counter" else "")
        suffixes = ("_bucket", "_sum", "_count") if family.type == "histogram" else ("",)
        for suffix in suffixes:
            found.setdefault(name + suffix, set()).update(*(sample.labels for sample in family.samples))
    # Without an experiment and without events there are no samples, and so no labels.
    arms = {f"broadsheet_experiment_arm_{name}": {"experiment", "arm"} for name in ("readers", "pages", "clicks")}
    of_events = {"broadsheet_events_refused_total": {"reason"}, "broadsheet_last_event_timestamp_seconds": set()}
    found["broadsheet_events_taken_total"] |= {"kind"}
    return arms | {"broadsheet_events_per_second": set()} | found | of_events


def test_every_metric_that_is_asked_for_exists(known):
    named = {name for query in queries() for name in NAME.findall(query)}
    assert len(named) >= 30 and not named - known.keys()


def test_every_label_that_is_asked_for_is_a_label_of_its_metric(known):
    for query in queries():
        of_query = set().union(*(known[name] for name in NAME.findall(query))) | {"le", "job"}
        for name, selected in SELECTED.findall(query):
            assert set(re.findall(r"([a-z]+)\s*[=!]", selected)) <= known[name], query
        for labels in GROUPED.findall(query):
            assert {label.strip() for label in labels.split(",")} <= of_query, query


def test_each_alert_says_what_is_wrong_and_what_to_do():
    assert len(alerts()) >= 12
    for name, rule in alerts().items():
        assert re.fullmatch(r"Broadsheet[A-Za-z]+", name) and rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"].endswith(".") and rule["annotations"]["action"].endswith(".")


def test_the_dashboard_can_be_imported_and_its_panels_do_not_overlap():
    board = dashboard()
    assert board["schemaVersion"] >= 39 and board["templating"]["list"][0]["type"] == "datasource"
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in board["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells)) and max(x for x, _ in cells) < 24
    for panel in board["panels"]:
        assert panel["title"] and (panel["type"] == "row" or panel["targets"])
