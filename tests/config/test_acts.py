import pytest

from broadsheet.config.reading import read_config
from broadsheet.errors import ConfigError


def test_an_act_may_be_worth_less_than_nothing_and_the_other_acts_keep_their_defaults(tmp_path):
    file = tmp_path / "broadsheet.toml"
    file.write_text("[acts.popularity]\nhide = -1\nshare = 2.5\n")
    popularity = read_config(file).acts.popularity
    assert (popularity.hide, popularity.share, popularity.click, popularity.half_life_hours) == (-1, 2.5, 1, 6)


def test_a_read_cannot_be_both_short_and_long(tmp_path):
    file = tmp_path / "broadsheet.toml"
    file.write_text("[acts]\nlong_read_seconds = 3\n")
    with pytest.raises(ConfigError) as error:
        read_config(file)
    assert "acts.short_read_seconds: found 5, expected at most long_read_seconds (3)" in str(error.value)
