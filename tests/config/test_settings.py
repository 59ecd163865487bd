import json
from dataclasses import fields, is_dataclass, replace

import pytest

from broadsheet.config.reading import read_config
from broadsheet.config.rerank import RerankConfig, Weights
from broadsheet.config.settings import Config, GenerateConfig
from broadsheet.errors import ConfigError


@pytest.fixture
def file(tmp_path):
    return tmp_path / "broadsheet.toml"


def test_no_file_and_an_empty_file_mean_the_defaults(file):
    assert read_config(file) == Config()
    file.write_text("")
    assert read_config(file) == Config()


def test_a_file_names_only_what_it_changes(file):
    file.write_text(
        'clock = "latest"\n[rerank]\ndepth = 20\n[rerank.weights]\nfreshness = 2\n[generate]\nwriter = ""\n'
    )
    config = read_config(file)
    assert (config.clock, config.rerank.depth, config.rerank.headlines) == ("latest", 20, Config().rerank.headlines)
    assert config.rerank.weights == Weights(freshness=2.0) and isinstance(config.rerank.weights.freshness, float)
    assert config.generate == GenerateConfig(writer="")


def test_an_age_limit_is_named_for_any_category(file):
    file.write_text("[articles]\nmax_age_days = 30\n[articles.max_age_days_by_category]\nhistory = 0\n'a b' = 1.5\n")
    limits = read_config(file).articles
    assert limits.max_age_days == 30 and limits.max_age_days_by_category == {"history": 0.0, "a b": 1.5}


def test_a_byte_order_mark_does_no_harm(file):
    file.write_text('clock = "latest"', "utf-8-sig")
    assert read_config(file).clock == "latest"


def test_all_problems_come_at_once(file):
    file.write_text(
        'clock = "noon"\ncolour = 1\nindex = 3\n[retrieval]\nhistory = "many"\ncandidates = 0\n'
        "[rerank]\ndiversity = 1.5\n[rerank.weights]\ntwo_tower = -1\nloveliness = 1\n"
    )
    with pytest.raises(ConfigError) as caught:
        read_config(file)
    message = str(caught.value)
    assert message.startswith(str(file)) and message.count("\n  - ") == 8
    for problem in (
        'clock: found \'noon\', expected "now" or "latest"',
        "colour: no such setting; known here: clock,",
        "index: found 3, expected a section [index]",
        "retrieval.history: found 'many', expected a whole number of at least 1",
        "retrieval.candidates: found 0, expected a whole number from 1 to 100000",
        "rerank.diversity: found 1.5, expected a number from 0 to 1",
        "rerank.weights.two_tower: found -1, expected a number of at least 0",
        "rerank.weights.loveliness: no such setting; known here: relevance,",
    ):
        assert problem in message


@pytest.mark.parametrize(
    ("section", "old", "new"),
    [
        ("rerank.weights", "tower", "two_tower"),
        ("retrieval.weights", "ann", "two_tower"),
        ("retrieval.weights", "trending", "popularity"),
        ("retrieval.weights", "fresh", "freshness"),
    ],
)
def test_a_setting_that_was_renamed_is_refused_with_its_new_name(file, section, old, new):
    file.write_text(f"[{section}]\n{old} = 1.0\n")
    with pytest.raises(ConfigError, match=f"{section}.{old}: no such setting; it is called {new} now"):
        read_config(file)
    file.write_text(f"[{section}]\n{new} = 1.0\n")
    read_config(file)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("active_days = true", "a number"),
        ("active_days = nan", "a finite number from 0 to 36500"),
        ("active_days = inf", "a finite number from 0 to 36500"),
        ("active_days = -1", "a number from 0 to 36500"),
        ("active_days = 1e308", "a number from 0 to 36500"),
        ("[rerank]\ndepth = 100000000000000000000", "a whole number of at least 1 and at most 1,000,000,000"),
        ("[rerank.weights]\nfreshness = 1e300", "a number of at least 0 and at most 1,000,000,000"),
        ("clock = 1", '"now" or "latest"'),
        ("[index]\nmemory_mib = 1.5", "a whole number"),
        ("[index]\nmemory_mib = true", "a whole number"),
        ("[index]\nmemory_mib = -1", "a whole number of at least 0"),
        ("[index]\nshards = 0", "a whole number from 1 to 1000"),
        ("[index]\nshards = -2", "a whole number from 1 to 1000"),
        ("[index]\nshards = 2.0", "a whole number"),
        ("[index]\nrecall = 1.01", "a number from 0 to 1"),
        ("[index]\nkind = ' '", "auto, flat or a FAISS factory string"),
        ("[rerank]\nhalf_life_hours = 0", "a number of at least 0.01"),
        ("[generate]\nminutes = -1", "a number of at least 0"),
        ("[generate]\ntokens = 1.5", "a whole number"),
        ("[rerank]\ndiversity = nan", "a finite number from 0 to 1"),
        ("[rerank.weights]\ntwo_tower = inf", "a finite number of at least 0"),
        ("[rerank]\ncalibration = 1.1", "a number from 0 to 1"),
        ("[rerank]\nsmall_sources = -0.1", "a number from 0 to 1"),
        ("[rerank]\ncaps = 3", r"a section \[rerank.caps\]"),
        ("[rerank.caps]\ncategory = -1", "a whole number of at least 0"),
        ("[rerank.caps]\nsource = 1.5", "a whole number"),
        ("[rerank.caps]\nstory = true", "a whole number"),
        ("[rerank.caps]\nstory_similarity = 1.5", "a number from 0 to 1"),
        ("[rerank.caps]\nstory_days = -1", "a number from 0 to 36500"),
        ("[retrieval.weights]\ntwo_tower = -0.1", "a number of at least 0"),
        ("[articles]\nmax_age_days = -1", "a number from 0 to 36500"),
        ("[articles]\nmax_age_days_by_category = 3", r"a section \[articles.max_age_days_by_category\]"),
        ("[articles.max_age_days_by_category]\nhistory = -3", "a number from 0 to 36500"),
        ("[rerank.half_life_hours_by_category]\nsports = 0", "a number of at least 0.01"),
        ("[reranker]\nnegatives = 0", "a whole number of at least 1"),
        ("[reranker]\nloss = 'softmax'", '"listwise" or "pairwise" or "pointwise"'),
        ("[articles.max_age_days_by_category]\ndepth = '3'", "a number"),
        ("[gate]\nmax_lost = 1.5", "a number from 0 to 1"),
        ("[gate]\nmax_centroid_shift = -0.1", "a number of at least 0"),
        ("[rerank]\nweights = 2", r"a section \[rerank.weights\]"),
        ("[retrieval]\nencoder = ['a']", "a text in quotes"),
        ("[retrieval]\nencoder = 2024-05-01", "a text in quotes"),
        ("[generate.endpoint]\ntimeout_seconds = 601", "a number from 0.1 to 600"),
    ],
)
def test_a_value_of_the_wrong_type_or_range_is_refused(file, line, expected):
    file.write_text(line)
    with pytest.raises(ConfigError, match=f"expected {expected}"):
        read_config(file)


def test_a_setting_without_a_default_that_is_not_given_is_named_beside_other_problems(file):
    file.write_text('clock = "never"\n[own.signals.near]\nweight = -1\n[own.sources.picks]\n')
    with pytest.raises(ConfigError) as error:
        read_config(file)
    for name in ("clock", "own.signals.near.call: not given", "own.signals.near.weight", "own.sources.picks.call: not"):
        assert name in str(error.value)


def test_a_name_with_a_slip_is_answered_with_the_nearest_one(file):
    file.write_text("[rerank.caps]\nstory_similarty = 0.5\n")
    with pytest.raises(ConfigError, match=r"rerank\.caps\.story_similarty: no such setting, did you mean story_simila"):
        read_config(file)


def test_a_long_value_is_not_repeated_whole(file):
    file.write_text(f"[rerank]\ndepth = '{'x' * 3000}'\n")
    with pytest.raises(ConfigError, match=r"rerank\.depth: found 'xxx") as caught:
        read_config(file)
    assert len(str(caught.value)) < 500


def test_the_error_ends_with_what_to_do(file):
    file.write_text("[rerank]\ndepth = 0\n")
    with pytest.raises(ConfigError, match=r"at least 1\. Change this line, or remove it for the default\.$"):
        read_config(file)
    file.write_text("[own.sources.picks]\nweight = 2\n")
    with pytest.raises(ConfigError, match=r"call: not given, .*\. Add this line, or remove its section\.$"):
        read_config(file)
    file.write_text("[rerank]\ndepth = 0\nheadlines = 0\n")
    with pytest.raises(ConfigError, match=r"at least 1\nChange these lines, or remove them for the defaults\.$"):
        read_config(file)


@pytest.mark.parametrize(
    ("make", "problems"),
    [
        (lambda: RerankConfig(depth=0), ["depth: found 0, expected a whole number of at least 1"]),
        (lambda: replace(RerankConfig(), diversity=2), ["diversity: found 2, expected a number from 0 to 1"]),
        (lambda: RerankConfig(depht=3), ["depht: no such setting, did you mean depth?"]),
        (lambda: RerankConfig(depth=2.0), ["depth: found 2.0, expected a whole number"]),
        (lambda: Config(rerank={"depth": 3}), ["rerank: found {'depth': 3}, expected a section [rerank]"]),
        (
            lambda: RerankConfig(half_life_hours_by_category={"sport": 0}),
            ["half_life_hours_by_category.sport: found 0, expected a number of at least 0.01"],
        ),
        (
            lambda: RerankConfig(depth=0, headlines=0),
            ["depth: found 0, expected a whole number", "headlines: found 0, expected a whole number"],
        ),
        (
            lambda: GenerateConfig(writer="ftp://a.example", tokens=5),
            ["writer: found 'ftp://a.example'", "endpoint.model: found none", "tokens: found 5, expected 0"],
        ),
    ],
)
def test_settings_made_in_python_have_the_same_bounds(make, problems):
    with pytest.raises(ConfigError, match=r"Config: ") as caught:
        make()
    assert all(problem in str(caught.value) for problem in problems)
    assert str(caught.value).count("\n  - ") == (len(problems) if len(problems) > 1 else 0)


def test_settings_made_in_python_turn_a_whole_number_into_a_number():
    assert repr(Weights(freshness=2)) == repr(Weights(freshness=2.0))


def test_a_wrong_function_of_a_part_is_told_once_though_it_has_no_default(file):
    file.write_text("[own.signals.near]\ncall = 3\nweight = -1\n[own.sources.picks]\n")
    with pytest.raises(ConfigError) as caught:
        read_config(file)
    assert sorted(str(caught.value).splitlines()[1:-1]) == [
        "  - own.signals.near.call: found 3, expected a text in quotes",
        "  - own.signals.near.weight: found -1, expected a number of at least 0",
        "  - own.sources.picks.call: not given, expected a text in quotes",
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"clock = ",
        b"\xff\xfe\x00",
        b"a = 1\na = 2",
        b"a = " + b"9" * 5000,
        b"a = " + b"[" * 3000 + b"]" * 3000,
    ],
    ids=["cut off", "not UTF-8", "twice", "a number of 5,000 digits", "3,000 lists in one another"],
)
def test_what_is_not_toml_is_refused_by_name(file, content):
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"broadsheet\.toml: not TOML"):
        read_config(file)


def test_a_folder_in_place_of_the_file_is_refused(file):
    file.mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(file)


def test_every_default_could_have_been_written_in_the_file(file):
    def lines(config, section):
        values = {spec.name: getattr(config, spec.name) for spec in fields(config)}
        yield from [f"[{section}]"] if section else []
        for name, value in values.items():
            if not is_dataclass(value):
                yield f"{name} = {json.dumps(value)}"
        for name, value in values.items():
            if is_dataclass(value):
                yield from lines(value, f"{section}.{name}" if section else name)

    file.write_text("\n".join(lines(Config(), "")))
    assert read_config(file) == Config()
