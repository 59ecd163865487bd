"""Settings files that no person writes, and what each message advises."""

from dataclasses import fields, is_dataclass
from typing import get_args, get_origin, get_type_hints

import pytest

from broadsheet.config.reading import read_config
from broadsheet.config.settings import Config
from broadsheet.errors import ConfigError

DEEP = [
    "x = " + "[" * 100_000 + "]" * 100_000,
    "x = [\n" + "[\n" * 500 + "]\n" * 501,
    "x = " + "{a=" * 300 + "1" + "}" * 300,
    ".".join(["a"] * 100_000) + " = 1",
    ".".join(["a"] * 800) + " = 1",
    "[own.importers]\n" + ".".join(["a"] * 30) + " = 1",
    "[" + ".".join(["a"] * 100_000) + "]\nb = 1",
    "active_days = 1" + "0" * 400,
    "active_days = 1" + "0" * 5_000,
    "[retrieval]\ncandidates = 0x" + "f" * 5_000,
    "[retrieval]\ncandidates = 0x" + "f" * 4_000,
    "# " + "x" * 2_000_000,
]


@pytest.mark.parametrize("text", DEEP, ids=lambda text: text[:20])
def test_a_file_that_nobody_would_write_is_refused_in_a_sentence(text, tmp_path):
    path = tmp_path / "broadsheet.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        read_config(path)
    assert str(raised.value).startswith(f"{path}: ") and len(str(raised.value)) < 1_000


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("[own.signals.near]\ncall = 3", "Change this line, or remove its section."),
        ("[own.signals.near]\nweight = 3", "Add this line, or remove its section."),
        ("[own.signals.near]\ncall = 'a:b'\nweight = -3", "Change this line, or remove it for the default."),
        ("[rerank.caps]\nstory = -1", "Change this line, or remove it for the default."),
        ("colour = 3", "Change this line, or remove it for the default."),
    ],
)
def test_the_advice_fits_a_setting_with_a_default_and_without(text, advice, tmp_path):
    path = tmp_path / "broadsheet.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        read_config(path)
    assert str(raised.value).endswith(advice)


def numbers(kind, name=""):
    """Every setting that is a number, with its bounds."""
    for field in fields(kind):
        hint = get_type_hints(kind, include_extras=True)[field.name]
        while get_origin(hint) is dict:
            hint = get_args(hint)[1]
        inner = get_args(hint)[0] if hasattr(hint, "__metadata__") else hint
        if is_dataclass(inner):
            yield from numbers(inner, f"{name}{field.name}.")
        elif inner in (int, float):
            found = [one for mark in getattr(hint, "__metadata__", ()) for one in getattr(mark, "metadata", [mark])]
            yield f"{name}{field.name}", [one for one in found if hasattr(one, "le")]


def test_every_number_among_the_settings_has_an_upper_bound():
    found = dict(numbers(Config))
    assert len(found) > 60 and [name for name, bounds in found.items() if not bounds] == []
