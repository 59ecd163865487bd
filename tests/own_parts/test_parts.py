import math
from functools import partial

import pytest

from broadsheet.config.own import OwnConfig, OwnSignalConfig, OwnSourceConfig
from broadsheet.errors import ConfigError
from broadsheet.own_parts import OwnParts, OwnSignal, OwnSource, part_name
from broadsheet.own_parts.parts import differing_parts, open_parts

HERE = __name__


def near_region(reader, articles, as_of):
    return [1.0] * len(articles)


def picks(reader, catalogue, as_of, n):
    return []


def order(reader, candidates, as_of):
    return [0.0] * len(candidates)


ALL = OwnParts(
    signals={"near_region": OwnSignal(near_region, weight=0.5, reason="Because it is near.")},
    sources={"editors_picks": OwnSource(picks)},
    reranker=order,
)
NAMED = OwnConfig(
    signals={"near_region": OwnSignalConfig(f"{HERE}:near_region", 0.5, "Because it is near.")},
    sources={"editors_picks": OwnSourceConfig(f"{HERE}:picks")},
    reranker=f"{HERE}:order",
)


def test_parts_named_in_settings_are_those_given_in_python_and_back():
    assert open_parts(NAMED) == ALL
    assert ALL.as_settings() == NAMED
    assert open_parts(OwnConfig()) == OwnParts() and not OwnParts()


def test_parts_are_described_by_name_and_by_the_file_that_they_are_from():
    described = ALL.described()
    assert list(described) == ["signal near_region", "source editors_picks", "re-ranker"]
    name, code = described["signal near_region"].split(" ")
    assert name == part_name(near_region) == f"{HERE}:near_region" and len(code) == 8 and int(code, 16) >= 0


def test_parts_given_later_count_before_parts_of_the_same_name():
    both = ALL | OwnParts(signals={"near_region": OwnSignal(near_region, weight=2.0), "other": OwnSignal(near_region)})
    assert both.signals["near_region"].weight == 2.0 and list(both.signals) == ["near_region", "other"]
    assert both.reranker is order and both.sources == ALL.sources


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"signals": {"popularity": OwnSignal(near_region)}}, "own signal popularity: this name is taken"),
        ({"signals": {"category": OwnSignal(near_region)}}, "own signal category: this name is taken"),
        ({"sources": {"score": OwnSource(picks)}}, "own source score: this name is taken"),
        ({"sources": {"co_click": OwnSource(picks)}}, "own source co_click: this name is taken"),
        (
            {"signals": {"near": near_region}},
            r"own signal near: found <function near_region .*, expected an OwnSignal, such as OwnSignal\(function\)",
        ),
        ({"sources": {"picks": picks}}, "own source picks: found <function picks .*, expected an OwnSource"),
        ({"reranker": 3}, "own re-ranker: found 3, expected a function"),
        ({"importers": {"wire": "wire"}}, "own importer wire: found 'wire', expected a function"),
        ({"signals": {"near": OwnSignal(near_region, weight="1")}}, "own signal near: found the weight '1', expected"),
        (
            {"signals": {"Near region": OwnSignal(near_region)}},
            "own signal 'Near region': expected a name of lower-case",
        ),
        ({"signals": {"near": OwnSignal(near_region, weight=-1)}}, "own signal near: found the weight -1, expected"),
        ({"sources": {"near": OwnSource(picks, weight=math.nan)}}, "own source near: found the weight nan, expected"),
        ({"signals": {"near": OwnSignal("near_region")}}, "own signal near: found 'near_region', expected a function"),
    ],
)
def test_names_weights_and_functions_that_cannot_be_used_are_refused(parts, message):
    with pytest.raises(ConfigError, match=message):
        OwnParts(**parts)


def test_a_part_that_other_processes_cannot_import_is_refused_where_they_must():
    def inside(reader, articles, as_of):
        return []

    for call in (inside, lambda reader, articles, as_of: []):
        with pytest.raises(ConfigError, match=r"other processes cannot import it by this name. Define it with `def`"):
            OwnParts(signals={"near": OwnSignal(call)}).as_settings()


def test_a_writer_and_importers_that_workers_never_call_may_be_lambdas():
    own = OwnParts(writer=lambda prompts, job: [], importers={"feed": lambda path: []})
    assert (ALL | own).as_settings() == NAMED


def test_two_partials_are_described_apart_without_their_values():
    def described(call):
        return OwnParts(signals={"near": OwnSignal(call)}).described()["signal near"]

    north, south = (described(partial(near_region, region=region)) for region in ("North", "South"))
    assert north.split(" ")[0] == south.split(" ")[0] == f"{HERE}:near_region(region=str)"
    assert north != south and north == described(partial(near_region, region="North"))
    assert described(partial(picks, 3)).startswith(f"{HERE}:picks(int) ") and "North" not in north
    with pytest.raises(ConfigError, match="other processes cannot import it"):
        OwnParts(signals={"near": OwnSignal(partial(near_region, region="North"))}).as_settings()


def test_parts_that_differ_from_those_of_an_edition_are_named_in_words():
    assert differing_parts({"writer": "a:b 1"}, {"writer": "a:b 1"}) == ""
    assert differing_parts({}, {"signal near": "a:b 1"}) == "without the own signal near, which this process has"
    assert differing_parts({"source picks": "a:b 1", "writer": "a:c 1"}, {"writer": "a:c 2"}) == (
        "with the own source picks, which this process does not have, and with another version of the own writer"
    )
