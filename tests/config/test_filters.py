import numpy as np
import pytest

from broadsheet.config.filters import FiltersConfig, QuotaConfig, read_filters
from broadsheet.config.reading import read_config
from broadsheet.errors import ConfigError, InputError

TEXT = """
[filters]
exclude = { paywall = true, category = ["sports", ""] }
only = { language = ["en", "da"] }
pins = { news_id = "N1" }
quotas.format.video = { least = 1, most = 3 }
[filters.boosts.author]
"Ann Lee" = 0.2
Bo = -1
"""
FILTERS = FiltersConfig(
    exclude={"paywall": ["true"], "category": ["sports", ""]},
    only={"language": ["en", "da"]},
    pins={"news_id": ["N1"]},
    quotas={"format": {"video": QuotaConfig(least=1, most=3)}},
    boosts={"author": {"Ann Lee": 0.2, "Bo": -1.0}},
)


def test_a_newsrooms_filters_are_read_from_its_settings(tmp_path):
    (tmp_path / "broadsheet.toml").write_text(TEXT)
    assert read_config(tmp_path / "broadsheet.toml").filters == FILTERS


def test_filters_of_a_request_have_the_same_form():
    given = {
        "exclude": {"paywall": True, "category": ("sports", "")},
        "only": {"language": ["en", "da"]},
        "pins": {"news_id": "N1"},
        "quotas": {"format": {"video": {"least": 1, "most": np.int64(3)}}},
        "boosts": {"author": {"Ann Lee": 0.2, "Bo": -1}},
    }
    assert read_filters(given) == FILTERS and read_filters(FILTERS) is FILTERS
    assert read_filters(None) == FiltersConfig() == read_filters({})


@pytest.mark.parametrize(
    "given, told",
    [
        ("paywall", "filters: found 'paywall', expected a mapping"),
        ({"exlude": {}}, "exlude: no such setting, did you mean exclude?"),
        ({"exclude": "paywall"}, "exclude: found 'paywall'"),
        ({"exclude": {"paywall": []}}, r"exclude.paywall: found \[\], expected a value or a list of values"),
        ({"only": {"tags": [["a"]]}}, "only.tags: found .* expected a value or a list of values"),
        ({"quotas": {"format": {"video": {"least": 3, "most": 2}}}}, "quotas.format.video.least: found 3, expected at"),
        ({"quotas": {"format": {"video": {"least": -1}}}}, "quotas.format.video.least: found -1, expected a whole"),
        ({"boosts": {"author": {"Ann": "much"}}}, "boosts.author.Ann: found 'much', expected a number"),
        ({"boosts": {"author": {"Ann": float("nan")}}}, "boosts.author.Ann: found"),
    ],
)
def test_what_is_wrong_with_filters_is_said_by_name(given, told):
    with pytest.raises(InputError, match=told):
        read_filters(given)


def test_wrong_filters_of_a_newsroom_are_said_with_all_else_that_is_wrong(tmp_path):
    (tmp_path / "broadsheet.toml").write_text("active_days = -1\n[filters]\nexclude = { paywall = 0.5 }\n")
    with pytest.raises(ConfigError, match=r"active_days: found -1(.|\n)*filters.exclude.paywall: found 0.5, expected"):
        read_config(tmp_path / "broadsheet.toml")
