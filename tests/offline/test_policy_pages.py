"""The pages of a newsroom's log under another policy, ranked again as of their moments."""

import shutil
import time

import numpy as np
import pytest

from broadsheet.errors import ConfigError, InputError
from broadsheet.live.in_force import LOOKS_EVERY
from broadsheet.newsroom import Newsroom
from broadsheet.offline.policy_pages import pages_under, read_policy
from broadsheet.pipeline import Pipeline

SOFT = {"policy": "softmax", "temperature": 1.0, "slots": 3, "reader_slots": 1000}


@pytest.fixture(scope="module")
def logged(built, tmp_path_factory):
    """A newsroom that explored, with four pages of two readers; the top story of the second is read at once."""
    room = Newsroom(shutil.copytree(built.path, tmp_path_factory.mktemp("logged") / "room", symlinks=True))
    lines = "\n".join(f"{name} = {value!r}".replace("'", '"') for name, value in SOFT.items())
    room.config_file.write_text(f"{room.config_file.read_text('utf-8')}\n[exploration]\n{lines}\n", "utf-8")
    pipeline = Pipeline.open(room.path)
    for number in range(4):
        page = pipeline.run(("fan", "voter")[number % 2], 4)
        events = [page.event()]
        if number == 1:
            about = {"event_id": "c", "kind": "click", "user_id": page.user_id, "page_id": page.page_id, "slot": 1}
            events.append(about | {"news_id": page.stories["news_id"][0].as_py(), "time": events[0]["time"]})
        pipeline.log(events)
        time.sleep(1.2 * LOOKS_EVERY)  # until the events are in force
    return room


def test_the_logs_own_policy_gives_the_probabilities_that_were_logged(logged):
    pages, remarks = pages_under(logged, {})
    assert not remarks
    assert pages.evaluation == pytest.approx(pages.propensity, abs=1e-9)
    assert pages.evaluation_conditional == pytest.approx(pages.conditional, abs=1e-9)
    assert pages.reward.tolist() == [[0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert len(set(pages.readers.tolist())) == 2


def test_a_policy_without_chance_shows_one_page_of_each_reader(logged):
    pages, _ = pages_under(logged, {"exploration": {"policy": "none"}})
    assert set(np.unique(pages.evaluation)) <= {0.0, 1.0}
    assert not np.array_equal(pages.evaluation, pages.propensity)


def test_other_weights_of_the_ranking_give_other_probabilities(logged):
    pages, _ = pages_under(logged, {"rerank": {"weights": {"freshness": 5.0, "popularity": 0.0}}})
    assert not np.allclose(pages.evaluation, pages.propensity)
    assert ((pages.evaluation >= 0) & (pages.evaluation <= 1)).all()


def test_settings_that_need_another_build_are_refused(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text('[retrieval]\nencoder = "x"\n[exploration]\nepsilon = 0.2\n', "utf-8")
    with pytest.raises(ConfigError, match=r"policy\.toml: found retrieval\.encoder, which no request can change"):
        read_policy(path)
    path.write_text("[exploration]\nepsilon = 0.2\n", "utf-8")
    assert read_policy(path) == {"exploration": {"epsilon": 0.2}}
    path.write_text("[exploration", "utf-8")
    with pytest.raises(ConfigError, match="not readable as TOML"):
        read_policy(path)
    with pytest.raises(ConfigError, match="no such file"):
        read_policy(tmp_path / "none.toml")


def test_wrong_values_and_a_newsroom_without_pages_are_refused(logged, built):
    with pytest.raises(ConfigError, match=r"exploration\.epsilon"):
        pages_under(logged, {"exploration": {"epsilon": 2.0}})
    with pytest.raises(InputError, match="found no page with probabilities among its events"):
        pages_under(built, {})
