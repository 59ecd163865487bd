import pytest

from broadsheet.config.arms import changed, with_settings
from broadsheet.config.reading import read_config
from broadsheet.config.settings import Config
from broadsheet.errors import ConfigError

TWO_ARMS = (
    "[experiments.fresh.arms.control]\n[experiments.fresh.arms.fresher.settings.rerank.weights]\nfreshness = 1.5\n"
)


def read(tmp_path, text):
    path = tmp_path / "broadsheet.toml"
    path.write_text(text)
    return read_config(path)


def refused(tmp_path, text):
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, text)
    return str(raised.value)


def test_an_experiment_is_read_with_a_date_of_either_kind(tmp_path):
    for date in ("2026-11-01", '"2026-11-01"'):
        experiment = read(tmp_path, f"[experiments.fresh]\nstart = {date}\n{TWO_ARMS}").experiments["fresh"]
        assert (experiment.start, experiment.share, list(experiment.arms)) == ("2026-11-01", 1, ["control", "fresher"])
        assert experiment.arms["fresher"].settings == {"rerank": {"weights": {"freshness": 1.5}}}


def test_the_settings_of_an_arm_stand_over_those_of_the_newsroom(tmp_path):
    config = read(tmp_path, "[rerank]\ndepth = 30\n[rerank.weights]\ntrend = 3\n" + TWO_ARMS)
    arm = with_settings(config, config.experiments["fresh"].arms["fresher"].settings)
    assert (arm.rerank.weights.freshness, arm.rerank.weights.trend, arm.rerank.depth) == (1.5, 3, 30)
    assert config.rerank.weights.freshness == 0.75 and with_settings(config, {}) == config


def test_all_that_is_wrong_with_the_settings_of_arms_is_said_at_once(tmp_path):
    said = refused(
        tmp_path,
        "[experiments.one.arms.a.settings.rerank.weights]\nfreshnes = 1\n"
        "[experiments.one.arms.b.settings.rerank]\ndepth = 0\nencoder = 'other'\n"
        "[experiments.one.arms.b.settings.index]\nkind = 'flat'\n",
    )
    assert "experiments.one.arms.a.settings.rerank.weights.freshnes: no such setting, did you mean freshness?" in said
    assert "arms.b.settings.rerank.depth: found 0, expected a whole number of at least 1" in said
    for name in ("rerank.encoder", "index.kind"):
        assert f"arms.b.settings.{name}: an experiment cannot change it, since all arms share the models" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[experiments.one.arms.a]", "experiments.one.arms: expected at least two arms whose weight is above 0"),
        ("[experiments.one]\nshare = 0.5", "experiments.one.arms: not given, expected a section"),
        (
            "[experiments.one]\nstart = 'soon'\n[experiments.one.arms.a]\n[experiments.one.arms.b]",
            "expected a day or a",
        ),
        (
            "[experiments.one]\nstart = 12\n[experiments.one.arms.a]\n[experiments.one.arms.b]",
            "found 12, expected a text",
        ),
        ("[experiments.one.arms.a]\n[experiments.one.arms.'a,b']", "the arm is called 'a,b', expected 1 to 60 of A-Z"),
        ("[experiments.'x y'.arms.a]\n[experiments.'x y'.arms.b]", "the experiment is called 'x y', expected 1 to 60"),
        (
            "[experiments.one]\nstart = 2026-11-02\nend = 2026-11-01\narms = {a = {}, b = {}}",
            "experiments.one.end: found 2026-11-01, expected a time after the start, 2026-11-02",
        ),
        (
            "[experiments.one]\nkind = 'interleaving'\narms = {a = {}, b = {}, c = {}}",
            "experiments.one.arms: found 3, expected two arms to interleave",
        ),
        (
            "[experiments.one]\nkind = 'interleaving'\narms = {a = {}, b = {}}\n"
            "[experiments.two]\nkind = 'interleaving'\narms = {a = {}, b = {}}",
            "experiments.two: it runs while one runs, and both interleave",
        ),
        ("[experiments.one.arms.a.settings.rerank]\ndepth = 0\n[experiments.one.arms.b]", "found 0, expected a whole"),
    ],
)
def test_an_experiment_that_cannot_be_carried_out_is_refused(tmp_path, text, said):
    assert said in refused(tmp_path, text)


def test_experiments_that_run_at_once_change_different_settings(tmp_path):
    other = TWO_ARMS.replace("fresh.", "other.")
    said = refused(tmp_path, TWO_ARMS + other)
    assert "experiments.other: it runs while fresh runs, and both change rerank.weights.freshness" in said
    read(tmp_path, TWO_ARMS + other.replace("freshness", "trend"))
    read(tmp_path, f"[experiments.fresh]\nend = 2026-11-01\n[experiments.other]\nstart = 2026-11-01\n{TWO_ARMS}{other}")


def test_each_setting_that_is_named_has_its_full_name():
    settings = {"rerank": {"depth": 3, "weights": {"trend": 1, "freshness": 2}}, "filters": {}}
    assert [*changed(settings)] == ["rerank.depth", "rerank.weights.trend", "rerank.weights.freshness", "filters"]


def test_settings_that_are_not_accepted_are_refused_by_name():
    with pytest.raises(ConfigError, match=r"rerank\.depth: found 0"):
        with_settings(Config(), {"rerank": {"depth": 0}})
