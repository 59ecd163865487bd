"""Editions and experiments over HTTP, for operators."""

import pytest

from broadsheet.nightly.build import build


@pytest.fixture(scope="module")
def two(served):
    """The newsroom with a second edition, which is not published yet."""
    first = served.current()
    build(served, "all")
    second = served.current()
    served.point_to(first)
    return first.name, second.name


def test_editions_are_listed_newest_first_with_the_current_one_marked(two, client):
    listed = client.get("/v1/editions").json()
    assert [one["edition"] for one in listed["editions"]] == [two[1], two[0]]
    assert [one["current"] for one in listed["editions"]] == [False, True]
    current = client.get("/v1/editions/current").json()
    assert current["edition"] == two[0]
    assert current["articles"] == 60


def test_publishing_rolling_back_and_pruning_need_the_name_once_more(two, client, served):
    first, second = two
    publish = f"/v1/editions/{second}/publish"
    assert client.post(publish, json={"confirm": first}).status_code == 422
    assert served.current_name() == first
    assert client.post(publish, json={"confirm": second}).json()["current"] == second
    assert served.current_name() == second
    assert client.post("/v1/editions/rollback", json={"confirm": first}).status_code == 422
    assert client.post("/v1/editions/rollback", json={"confirm": second}).json()["current"] == first
    answer = client.post("/v1/editions/rollback", json={"confirm": first})
    assert answer.status_code == 409
    assert str(served.path) not in answer.text
    assert client.post("/v1/editions/no-such/publish", json={"confirm": "no-such"}).status_code == 404
    assert client.post("/v1/editions/prune", json={"confirm": first, "keep": 0}).status_code == 422
    pruned = client.post("/v1/editions/prune", json={"confirm": first, "keep": 1}).json()
    assert pruned == {"current": first, "lines": []}


def test_a_change_waits_for_no_build_that_holds_the_newsroom(two, client, served):
    with served.lock():
        answer = client.post(f"/v1/editions/{two[1]}/publish", json={"confirm": two[1]})
    assert answer.status_code == 409
    assert "another build" in answer.json()["detail"]


def test_a_new_edition_is_taken_up_and_the_next_page_is_of_it(two, client, service, served):
    served.point_to(next(one for one in served.editions() if one.name == two[1]))
    before = client.get("/v1/readers/fan/page").json()
    service.served.look()
    after = client.get("/v1/readers/fan/page").json()
    assert after["edition"] == two[1] == service.served.now().edition
    assert after["page_id"] != before["page_id"]


def test_experiments_are_those_of_the_settings_and_an_unknown_name_is_a_problem(client):
    assert client.get("/v1/experiments").json() == {"experiments": []}
    assert client.get("/v1/experiments/fresher").status_code == 404


def test_an_experiment_that_is_added_while_the_service_runs_is_listed(client, served):
    settings = served.config_file.read_text("utf-8")
    arms = "\n[experiments.later.arms.as-is]\n[experiments.later.arms.fresh.settings.rerank.weights]\nfreshness = 2.0\n"
    served.config_file.write_text(settings + arms, "utf-8")
    assert [one["name"] for one in client.get("/v1/experiments").json()["experiments"]] == ["later"]
    assert client.get("/v1/experiments/later").json()["experiment"] == "later"
    served.config_file.write_text(settings, "utf-8")


def test_an_experiment_is_measured_from_the_log(built, tmp_path):
    import shutil

    from fastapi.testclient import TestClient

    from broadsheet.newsroom import Newsroom
    from broadsheet.service.app import create_app
    from broadsheet.service.security.caller import Caller, caller_of

    room = Newsroom(shutil.copytree(built.path, tmp_path / "room", symlinks=True))
    arms = "\n[experiments.fresher.arms.as-is]\n[experiments.fresher.arms.fresh.settings.rerank.weights]\n"
    room.config_file.write_text(room.config_file.read_text("utf-8") + arms + "freshness = 2.0\n", "utf-8")
    app = create_app(room)
    app.dependency_overrides[caller_of] = lambda: Caller("user", "olga", frozenset({"operations", "pages"}))
    with TestClient(app) as client:
        for number in range(4):
            assert client.get(f"/v1/readers/r{number}/page", params={"k": 2}).json()["experiment"] == "fresher"
        (listed,) = client.get("/v1/experiments").json()["experiments"]
        assert listed["arms"] == {"as-is": 1.0, "fresh": 1.0}
        found = client.get("/v1/experiments/fresher").json()
        assert sum(arm["pages"] for arm in found["arms"].values()) == 4
