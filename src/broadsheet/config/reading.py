"""Reading broadsheet.toml: all that is wrong with it comes in one error."""

import json
import tomllib
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from broadsheet.config.arms import experiment_problems
from broadsheet.config.section import has_no_default, problems_of
from broadsheet.config.settings import Config
from broadsheet.errors import ConfigError, join_problems

_MOST_BYTES = 1 << 20
_LONGEST_LINE = 4096
_DEEPEST = 20


def read_config(path: Path) -> Config:
    """Read broadsheet.toml; a missing file means all defaults.

    Raises ConfigError if the file cannot be read, is not TOML, or has settings that are unknown or not accepted; the
    error names all of them.
    """
    try:
        document = tomllib.loads(_checked_text(path))
        _check_depth(document)
    except FileNotFoundError:
        return Config()
    except (ValueError, RecursionError) as error:  # also whole numbers of thousands of digits, and deep nesting
        raise ConfigError(f"{path}: not TOML ({error}). Mend the line or delete the file for the defaults.") from error
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}). Make it a file that this user may read."
        ) from error
    config, problems = _checked(document)
    problems += experiment_problems(config)
    if len(problems) == 1:
        raise ConfigError(f"{path}: {problems[0]}. {_advice(problems[0])}.")
    if problems:
        raise ConfigError(f"{path}: {join_problems(problems)}\nChange these lines, or remove them for the defaults.")
    return config


def _check_depth(document: dict[str, Any]) -> None:
    """Raise ValueError for a document that is nested deeper than any setting, or holds a number too long to write."""
    json.dumps(document, default=str)
    level: list[dict[str, Any] | list[Any]] = [document]
    depth = 0
    while level := [
        inner
        for outer in level
        for inner in (outer.values() if isinstance(outer, dict) else outer)
        if isinstance(inner, dict | list)
    ]:
        depth += 1
        if depth > _DEEPEST:
            raise ValueError(f"sections or lists more than {_DEEPEST} deep")


def _advice(problem: str) -> str:
    """Return what to do about the one problem of a file."""
    if ": not given, expected" in problem:  # the setting has no default, else it need not be given
        return "Add this line, or remove its section"
    if has_no_default(problem.partition(":")[0].split("."), Config):
        return "Change this line, or remove its section"
    return "Change this line, or remove it for the default"


def _checked_text(path: Path) -> str:
    """Return the text of a settings file; raises ValueError if it is longer than any that a person writes."""
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError(f"more than {_MOST_BYTES:,} bytes")
    text = content.decode("utf-8-sig")
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > _LONGEST_LINE:  # the time and memory for a name such as a.a.a.a grow with its square
            raise ValueError(f"line {number} has {len(line):,} characters, expected at most {_LONGEST_LINE:,}")
    return text


def _checked(document: dict[str, Any]) -> tuple[Config, list[str]]:
    """Return the settings with the defaults in place of what is wrong, and what is wrong.

    Whether settings fit together is only checked once each of them is accepted. So what is wrong is taken out, and the
    rest is checked again, until nothing is left to say.
    """
    problems: list[str] = []
    taken_out: set[tuple[int | str, ...]] = set()
    while True:
        try:
            # As JSON: in strict mode pydantic makes a section from a table only there. JSON has no dates, so a date is
            # made a list, which no setting accepts.
            text = json.dumps(document, default=lambda date: [str(date)])
            return TypeAdapter(Config).validate_json(text), problems
        except ValidationError as error:
            # A wrong value that has no default is missing once it is taken out, which is not said as well.
            problems += problems_of(error, Config, told=taken_out)
            for line in error.errors(include_url=False):
                taken_out.add(line["loc"])
                # A section that lacks a setting without a default is taken out whole.
                _take_out(document, line["loc"][:-1] if line["type"] == "missing" else line["loc"])


def _take_out(document: dict[str, Any], path: tuple[int | str, ...]) -> None:
    for name in path[:-1]:
        document = document.get(str(name), {})  # the section around it may be taken out already
    document.pop(str(path[-1]), None)
