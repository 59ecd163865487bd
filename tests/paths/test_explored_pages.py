"""Pages of a newsroom that explores: their ids, their probabilities, and how a page is made again."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from broadsheet.errors import ConfigError, InputError
from broadsheet.newsroom import Newsroom
from broadsheet.pipeline import Pipeline
from broadsheet.rerank.exploration.seeds import page_seed
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import RANKED
from broadsheet.workbench.exploring import LastClickRates

SOFT = '[exploration]\npolicy = "softmax"\ntemperature = 1.0\nslots = 3\nreader_slots = 1000\n'


def reopened(built, folder, settings):
    """The pipeline of a copy of a newsroom with further settings."""
    room = Newsroom(shutil.copytree(built.path, folder, symlinks=True))
    room.config_file.write_text(f"{room.config_file.read_text('utf-8')}\n{settings}", "utf-8")
    return Pipeline.open(room.path)


@pytest.fixture(scope="module")
def exploring(built, tmp_path_factory):
    return reopened(built, tmp_path_factory.mktemp("exploring") / "room", SOFT)


def ids(page):
    return page.stories["news_id"].to_pylist()


def test_pages_differ_by_chance_and_say_with_which_probability(exploring, built):
    greedy = ids(Pipeline.open(built.path).run("fan", 5))
    pages = [exploring.run("fan", 5) for _ in range(12)]
    assert len({page.page_id for page in pages}) == 12 and len({tuple(ids(page)) for page in pages}) > 3
    for page in pages:
        assert page.policy == "softmax" and page.seed == page_seed(page.page_id) and len(page.policy_version) == 16
        propensity, conditional = (page.stories[name].to_pylist() for name in ("propensity", "conditional"))
        assert all(0 < chance < 1 for chance in propensity + conditional[:1])
        # At most three slots have another article than the best left.
        left, explored = [*greedy, *(news_id for news_id in ids(page) if news_id not in greedy)], 0
        for news_id in ids(page):
            explored += news_id != left[0]
            left.remove(news_id)
        assert explored <= 3


def test_a_page_that_was_shown_is_made_again_to_the_byte(exploring, built, tmp_path):
    page = exploring.run("fan", 5)
    other = reopened(built, tmp_path / "other", SOFT)
    for pipeline in (exploring, other):
        again = pipeline.run("fan", 5, page_id=page.page_id, policy_version=page.policy_version)
        assert again.stories.equals(page.stories, check_metadata=True)
        assert again.stories.to_pandas().to_json() == page.stories.to_pandas().to_json()
        at = datetime(2026, 5, 1, tzinfo=UTC)
        assert again.event(at) | {"seconds": 0.0} == page.event(at) | {"seconds": 0.0}


def test_a_page_of_many_is_the_page_that_its_reader_gets_alone(exploring):
    for page in exploring.run_many(["fan", "voter", "asker", "nobody", "fan"], 5):
        alone = exploring.run(page.user_id, 5, page_id=page.page_id, policy_version=page.policy_version)
        assert alone.stories.equals(page.stories)


def test_without_a_policy_pages_are_as_before_and_certain(built):
    pipeline = Pipeline.open(built.path)
    page, again = pipeline.run("fan", 5), pipeline.run("fan", 5)
    assert page.stories.equals(again.stories) and page.page_id != again.page_id
    assert page.policy == "none" and page.stories["propensity"].to_pylist() == [1.0] * 5
    assert page.stories["conditional"].to_pylist() == [1.0] * 5
    nightly = read_table(built.current().ranked, RANKED).to_pylist()
    assert ids(page) == [row["news_id"] for row in nightly if row["user_id"] == "fan"][:5]


def test_the_night_explores_nothing(exploring, built):
    from broadsheet.nightly.build import build

    room = exploring.bench.data.newsroom
    before = read_table(built.current().ranked, RANKED)
    build(room, "all")
    after = read_table(room.current().ranked, RANKED)
    assert after.select(["user_id", "news_id", "rank"]).equals(before.select(["user_id", "news_id", "rank"]))


def test_the_explored_slots_of_a_readers_day_are_limited(built, tmp_path):
    settings = '[exploration]\npolicy = "softmax"\ntemperature = 100.0\nslots = 5\nreader_slots = 4\n'
    pipeline = reopened(built, tmp_path / "room", settings)
    greedy = ids(pipeline.run("fan", 5, explored_today=4))
    pages = [pipeline.run("fan", 5) for _ in range(20)]
    assert ids(pages[0]) != greedy and ids(pages[-1]) == greedy
    assert pages[-1].stories["propensity"].to_pylist() == [1.0] * 5
    assert pages[-1].policy_version != pages[0].policy_version
    assert ids(pipeline.run("voter", 5)) != ids(pipeline.run("voter", 5, explored_today=4))  # another reader's day
    # Pages that are made again count for nobody's day, and have the budget that they had.
    again = [pipeline.run("fan", 5, page_id=page.page_id, policy_version=page.policy_version) for page in pages]
    assert [ids(page) for page in again] == [ids(page) for page in pages]
    assert ids(pipeline.run("fan", 5, explored_today=0, page_id=pages[0].page_id)) == ids(pages[0])


def test_a_reader_has_one_budget_in_all_processes_and_after_a_restart(built, tmp_path):
    settings = '[exploration]\npolicy = "softmax"\ntemperature = 100.0\nslots = 5\nreader_slots = 6\n'
    first = reopened(built, tmp_path / "room", settings)
    second = Pipeline.open(tmp_path / "room")
    total = 0
    for turn in range(12):
        page = (first, second)[turn % 2].run("fan", 5)
        assert page.explored <= 6 - total
        total += page.explored
        assert (first, second)[turn % 2].log(page.event()).taken == {"page": 1}
    assert total == 6
    third = Pipeline.open(tmp_path / "room")
    assert third.run("fan", 5).stories["propensity"].to_pylist() == [1.0] * 5
    assert third.run("voter", 5).stories["propensity"].to_pylist() != [1.0] * 5
    unlogged = third.run("asker", 5)  # counts in its own process alone
    assert first.run("asker", 5).policy_version == unlogged.policy_version


def test_thompson_sampling_serves_pages_of_a_newsroom_without_any_showing(built, tmp_path):
    settings = '[exploration]\npolicy = "thompson"\nyoung_hours = 100\nslots = 2\n'
    pipeline = reopened(built, tmp_path / "room", settings)
    pages = [pipeline.run("fan", 5) for _ in range(6)]
    assert len({tuple(ids(page)) for page in pages}) > 1
    again = pipeline.run("fan", 5, page_id=pages[0].page_id, policy_version=pages[0].policy_version)
    assert again.stories.equals(pages[0].stories)


def test_the_event_of_a_page_has_its_slots_with_their_probabilities(exploring):
    page, at = exploring.run("fan", 3, page_id="visit-7"), datetime(2026, 5, 1, 8, tzinfo=UTC)
    assert page.event(at) == {
        "event_id": "visit-7",
        "kind": "page",
        "user_id": "fan",
        "time": at,
        "page_id": "visit-7",
        "edition": page.edition,
        "policy": "softmax",
        "policy_version": page.policy_version,
        "seed": page_seed("visit-7"),
        "explored": page.explored,
        "experiment": "",
        "arm": "",
        "seconds": sum(page.timings.values()),
        "shown": ids(page),
        "propensity": page.stories["propensity"].to_pylist(),
        "conditional": page.stories["conditional"].to_pylist(),
    }
    assert page.event()["time"] == page.as_of, "the newsroom is an archive"
    assert abs((replace(page, is_archive=False).event()["time"] - datetime.now(UTC)).total_seconds()) < 60
    assert page.to_dict()["page_id"] == "visit-7" and page.to_dict()["policy"] == "softmax"
    assert page.to_dict()["explored"] == page.explored


def test_a_page_in_answer_to_a_request_explores_nothing_and_its_event_names_no_reader(exploring):
    page = exploring.ask("football goal", 3)
    assert page.stories["propensity"].to_pylist() == [1.0] * 3
    event = page.event()
    assert (event["user_id"], event["policy"]) == ("", "none") and len(event["page_id"]) == 32
    with pytest.raises(InputError, match="without an id"):
        replace(page, page_id="").event()


def test_the_event_store_takes_the_events_of_pages_as_they_are(exploring, built, tmp_path):
    pipeline = reopened(built, tmp_path / "room", SOFT)
    pages = [*pipeline.run_many(["fan", "voter"], 5), pipeline.ask("football goal", 3)]
    report = pipeline.log([page.event() for page in pages])
    assert (report.new, report.repeated) == (3, 0)
    assert pipeline.log(pages[0].event()).repeated == 1
    stored = pipeline.events.pages([page.page_id for page in pages]).to_pylist()
    for page in pages:
        (event,) = (one for one in stored if one["page_id"] == page.page_id)
        assert event["shown"] == ids(page) and event["seed"] == page.seed
        assert event["propensity"] == page.stories["propensity"].to_pylist()
        assert event["conditional"] == page.stories["conditional"].to_pylist()


def test_what_readers_do_with_explored_pages_counts_in_the_click_rates_by_slot(built, tmp_path):
    pipeline = reopened(built, tmp_path / "room", SOFT)
    at = pipeline.bench.data.as_of - timedelta(minutes=5)
    page = pipeline.run("fan", 3)
    click = {"event_id": "c", "kind": "click", "user_id": "fan", "time": at, "page_id": page.page_id, "slot": 3}
    report = pipeline.log([page.event(at), click])
    assert report.new == 2, str(report)
    pipeline = Pipeline.open(pipeline.bench.data.newsroom.path)
    moment, last = at + timedelta(minutes=1), LastClickRates()
    rates = last(pipeline.bench, moment)
    assert last(pipeline.bench, moment) is rates and last(pipeline.bench, at) is not rates
    rows = [pipeline.bench.data.catalogue.row_of[news_id] for news_id in ids(page)]
    assert rates.clicks[rows].round(2).tolist() == [0, 0, 1]
    # Slots 2 and 3 are examined less than the first: 1 / log2(3) and 1 / log2(4).
    assert rates.examined[rows] == pytest.approx([1, 0.63, 0.5], abs=0.05)


@pytest.mark.parametrize(
    "wrong",
    [
        {"page_id": ""},
        {"page_id": 7},
        {"page_id": "a\nb"},
        {"page_id": "x" * 201},
        {"explored_today": -1},
        {"explored_today": "2"},
        {"page_id": "P", "policy_version": "0123456789abcdef"},
    ],
)
def test_a_wrong_id_version_or_count_is_refused_by_its_name(exploring, wrong):
    with pytest.raises(InputError, match=list(wrong)[-1]):
        exploring.run("fan", 5, **wrong)


def test_settings_that_no_policy_has_are_refused_together(built, tmp_path):
    settings = '[exploration]\npolicy = "random"\nepsilon = 2\ntemperature = 0\nslots = -1\n'
    with pytest.raises(ConfigError) as error:
        reopened(built, tmp_path / "room", settings)
    for name in ("policy", "epsilon", "temperature", "slots"):
        assert f"exploration.{name}" in str(error.value)


def test_an_arm_of_an_experiment_explores_by_its_own_settings(built, tmp_path):
    settings = (
        "[experiments.try]\n[experiments.try.arms.calm]\n[experiments.try.arms.bold.settings.exploration]\n"
        'policy = "epsilon-greedy"\nepsilon = 1.0\n'
    )
    pipeline = reopened(built, tmp_path / "room", settings)
    pages = pipeline.run_many([f"reader {number}" for number in range(12)], 5)
    assert {(page.arm, page.policy) for page in pages} == {("calm", "none"), ("bold", "epsilon-greedy")}
    for page in pages:
        assert (min(page.stories["propensity"].to_pylist()) < 1) == (page.arm == "bold")
