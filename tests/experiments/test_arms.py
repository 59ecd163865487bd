import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import pytest

from broadsheet.config.rerank import CapsConfig
from broadsheet.errors import ConfigError
from broadsheet.experiments.arms import Arms
from broadsheet.experiments.assignment import Assignment, arm_of
from broadsheet.experiments.interleaving import draft_probabilities, team_draft
from broadsheet.experiments.mixed_page import alike_articles
from broadsheet.newsroom import Newsroom
from broadsheet.pages.look import Look
from broadsheet.pages.page import PAGE_STORIES
from broadsheet.pipeline import Pipeline
from tests.support.tiny import START

FRESHER = """
[experiments.fresher.arms.control]
[experiments.fresher.arms.fresh.settings.rerank]
diversity = 0.0
[experiments.fresher.arms.fresh.settings.rerank.weights]
two_tower = 0
freshness = 9
[experiments.looks.arms.plain]
[experiments.looks.arms.named.settings.page]
name = "The Arm"
"""
READERS = [f"U{number}" for number in range(12)] + ["fan", "voter", "asker"]


def with_text(room, folder, text):
    copy = Newsroom(shutil.copytree(room.path, folder, symlinks=True))
    copy.config_file.write_text(copy.config_file.read_text("utf-8") + text, "utf-8")
    return copy


@pytest.fixture(scope="module")
def room(built, tmp_path_factory):
    return with_text(built, tmp_path_factory.mktemp("experiments") / "room", FRESHER)


@pytest.fixture(scope="module")
def opened(room):
    return Pipeline.open(room.path)


def ids(page):
    return page.stories["news_id"].to_pylist()


@pytest.fixture(scope="module")
def alone(built, tmp_path_factory):
    """A newsroom for each arm, whose own settings are those of the arm."""
    same = "depth = 12\ndiversity = 0.0\n[rerank.weights]\ntwo_tower = 0\nfreshness = 9"
    room = with_text(built, tmp_path_factory.mktemp("alone") / "fresh", "")
    room.config_file.write_text(room.config_file.read_text("utf-8").replace("depth = 12", same), "utf-8")
    return {"control": Pipeline.open(built.path), "fresh": Pipeline.open(room.path)}


def test_readers_of_an_arm_get_the_pages_of_its_settings_and_all_others_the_newsrooms(opened, alone):
    config = opened.bench.models.config
    arms = {reader: arm_of("fresher", config.experiments["fresher"], reader) for reader in READERS}
    assert set(arms.values()) == {"control", "fresh"}
    pages = {page.user_id: page for page in opened.run_many(READERS)}
    expected = {arm: {page.user_id: page for page in one.run_many(READERS)} for arm, one in alone.items()}
    assert [*pages] == READERS
    for reader, arm in arms.items():
        assert pages[reader].stories.equals(expected[arm][reader].stories)
        assert pages[reader].experiment == "fresher,looks" and pages[reader].arm.split(",")[0] == arm
        assert pages[reader].to_dict()["arm"] == pages[reader].arm
    assert any(ids(expected["control"][reader]) != ids(expected["fresh"][reader]) for reader in READERS)


def test_a_page_alone_is_that_of_a_batch_and_its_look_that_of_the_arm(opened):
    for page in opened.run_many(READERS[:4]):
        alone = opened.run(page.user_id)
        assert alone.stories.equals(page.stories) and (alone.experiment, alone.arm) == (page.experiment, page.arm)
        assert page.look.name == ("The Arm" if page.arm.endswith("named") else "Broadsheet")
        assert list(page.timings) == ["user tower", "retrieve", "rerank", "generate"]


def test_an_answer_without_a_reader_is_in_no_experiment(opened):
    page = opened.ask("senate election", 3)
    assert (page.experiment, page.arm) == ("", "")


def test_the_arms_share_models_index_and_what_their_settings_do_not_touch(opened):
    base = opened.bench
    fresh = opened._arms.bench(base, Assignment((("fresher", "fresh"), ("looks", "named"))))
    assert fresh.models.news_tower is base.models.news_tower and fresh.data is base.data
    assert fresh.search is base.search and fresh.retriever is base.retriever and fresh.reranker is not base.reranker
    assert opened._arms.bench(base, Assignment((("fresher", "control"),))) is base


def test_an_arm_shows_what_was_added_and_withdrawn(room, tmp_path):
    opened = Pipeline.open(shutil.copytree(room.path, tmp_path / "live", symlinks=True))
    reader = next(one for one in READERS if opened.run(one).arm.startswith("fresh,"))
    first = ids(opened.run(reader))[0]
    opened.withdraw([first])
    opened.add({"news_id": "LATE", "title": "Football cup", "published_at": START + timedelta(hours=60)})
    found = ids(opened.run(reader))
    assert first not in found and found[0] == "LATE"


def test_threads_that_ask_at_once_get_the_same_workbench(opened):
    arms = Arms(opened.bench, Look())
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda _: arms.bench(opened.bench, Assignment((("fresher", "fresh"),))), range(8))
    assert len({id(one) for one in found}) == 1


def test_an_arm_whose_filter_names_a_column_that_no_article_has_is_refused_when_the_newsroom_is_opened(built, tmp_path):
    text = '[experiments.x.arms.a]\n[experiments.x.arms.b.settings.filters.exclude]\npaywall = "true"\n'
    room = with_text(built, tmp_path / "wrong", text)
    with pytest.raises(ConfigError, match="paywall"):
        Pipeline.open(room.path)


def test_an_experiment_that_is_over_changes_no_page(built, tmp_path):
    room = with_text(built, tmp_path / "over", "[experiments.fresher]\nend = 2020-01-01\n" + FRESHER)
    pages, before = Pipeline.open(room.path).run_many(READERS), Pipeline.open(built.path).run_many(READERS)
    assert [page.experiment for page in pages] == ["looks"] * len(READERS)
    assert [ids(page) for page in pages] == [ids(page) for page in before]


@pytest.fixture(scope="module")
def mixed(built, tmp_path_factory):
    text = '[experiments.fresher]\nkind = "interleaving"\n' + FRESHER
    return Pipeline.open(with_text(built, tmp_path_factory.mktemp("interleaved") / "room", text).path)


def test_an_interleaved_page_is_the_draft_of_the_pages_of_both_arms(mixed, alone):
    catalogue, caps = mixed.bench.data.catalogue, mixed.bench.models.config.rerank.caps
    sides = [{page.user_id: page for page in one.run_many(READERS)} for one in alone.values()]
    drawn = []
    for page in mixed.run_many(READERS):
        first, second = (side[page.user_id] for side in sides)
        alike = alike_articles(catalogue, (first, second), caps)
        draft = team_draft(ids(first), ids(second), 10, page.seed, alike)
        assert ids(page) == draft.order and page.arm.split(",")[0] == draft.teams
        assert page.experiment == "fresher,looks" and page.stories["rank"].to_pylist() == [*range(1, 11)]
        assert page.stories.schema.equals(PAGE_STORIES, check_metadata=True) and page.policy == "team-draft"
        chances = draft_probabilities(ids(first), ids(second), draft.order, alike)
        assert page.stories["propensity"].to_pylist() == chances[0]
        assert page.stories["conditional"].to_pylist() == chances[1] and min(chances[0]) > 0
        if "1" in draft.teams:
            drawn.append(page.user_id)
        scores = {row["news_id"]: row["score"] for row in second.stories.to_pylist()}
        assert all(
            row["score"] == scores[row["news_id"]]
            for row, team in zip(page.stories.to_pylist(), draft.teams, strict=False)
            if team == "2"
        )
    assert drawn


def test_an_interleaved_page_is_made_again_by_its_id_and_can_be_logged(mixed):
    reader = next(page.user_id for page in mixed.run_many(READERS) if "1" in page.arm)
    pages = [mixed.run(reader) for _ in range(8)]
    assert len({page.arm for page in pages}) > 1
    again = mixed.run(reader, page_id=pages[0].page_id, policy_version=pages[0].policy_version)
    assert again.stories.equals(pages[0].stories) and again.arm == pages[0].arm
    assert mixed.log([page.event() for page in pages]).taken == {"page": 8}


def test_an_interleaved_page_has_one_article_of_an_event_first(mixed):
    page = mixed.run("voter")
    catalogue = mixed.bench.data.catalogue
    caps = CapsConfig(story_similarity=0.99)
    alike = alike_articles(catalogue, (page, page), caps)
    vectors = catalogue.vectors_of(catalogue.rows(ids(page)))
    likeness = vectors @ vectors.T
    near = {
        (i, j) for i, one in enumerate(ids(page)) for j, other in enumerate(ids(page)) if other in alike.get(one, ())
    }
    assert near == {(i, j) for i, j in zip(*np.nonzero(likeness >= 0.99), strict=True) if i != j}
