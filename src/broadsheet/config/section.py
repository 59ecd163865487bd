"""What a section of broadsheet.toml is: a frozen dataclass whose values are checked whenever it is made.

Each setting's bounds stand in its annotation, beside its default: `depth: Annotated[int, Field(ge=1)] = 60`. What a
setting of the section was called in earlier versions stands in the section's `RENAMED`.
"""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import MISSING, field, fields, is_dataclass
from difflib import get_close_matches
from functools import wraps
from typing import Annotated, Any, Literal, TypeVar, dataclass_transform, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass
from pydantic.fields import FieldInfo

from broadsheet.errors import ConfigError, join_problems
from broadsheet.text import shortened, without_password

Share = Annotated[float, Field(ge=0, le=1)]
"""A number from 0 to 1."""
MOST = 10**9
"""The bound of every number that has no closer bound: far beyond what is useful, and below what overflows."""
Amount = Annotated[float, Field(ge=0, le=MOST)]
"""A number of at least 0."""
Count = Annotated[int, Field(ge=0, le=MOST)]
"""A whole number of at least 0."""
Lift = Annotated[float, Field(ge=-MOST, le=MOST)]
"""A number that may be below 0."""
AtLeastOne = Annotated[int, Field(ge=1, le=MOST)]
"""A whole number of at least 1."""
Days = Annotated[float, Field(ge=0, le=36_500)]
"""A number of days, at most a hundred years."""

_CHECKS = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
_KINDS = {int: "a whole number", float: "a number", str: "a text in quotes", bool: "true or false"}
_LONGEST = 80
"""Most characters of a wrong value that a message repeats."""

Section = TypeVar("Section")


class SettingsError(ConfigError):
    """Several settings do not fit together; `problems` has the message of each setting, by its name in the section."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__(join_problems([f"{name}: {problem}" for name, problem in problems.items()]))


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def section(kind: type[Section]) -> type[Section]:
    """Make a class a section: a frozen dataclass that can only be made of values within their bounds.

    A whole number is accepted for a number; nothing else is converted. Values that are not accepted raise one
    ConfigError that names them all.
    """
    made: Any = dataclass(frozen=True, config=_CHECKS)(kind)
    made.__init__ = _raising_ours(made.__init__, made)
    checked: type[Section] = made
    return checked


def _raising_ours(init: Callable[..., None], kind: type) -> Callable[..., None]:
    @wraps(init)
    def checked_init(*arguments: Any, **settings: Any) -> None:  # noqa: ANN401
        try:
            init(*arguments, **settings)
        except ValidationError as error:
            raise ConfigError(f"{kind.__name__}: {join_problems(list(problems_of(error, kind)))}") from None

    return checked_init


def problems_of(error: ValidationError, kind: type, *, told: Container[tuple[int | str, ...]] = ()) -> Iterator[str]:
    """Yield what is wrong with each value of a section of this kind: its full name, what was found and expected.

    Settings at the paths `told` are left out.
    """
    for line in error.errors(include_url=False):
        path, cause = line["loc"], line.get("ctx", {}).get("error")
        if path in told:
            continue
        name = ".".join(map(str, path))
        if isinstance(cause, SettingsError):
            yield from (f"{name}.{inner}".lstrip(".") + f": {what}" for inner, what in cause.problems.items())
        elif line["type"] == "unexpected_keyword_argument":
            yield f"{name}: {_unknown(str(path[-1]), _setting_at(kind, path[:-1]).annotation)}"
        elif line["type"] == "missing":
            yield f"{name}: not given, expected {expectation(kind, path)}"
        else:
            found, expected = (
                shortened(without_password(repr(line["input"])), _LONGEST),
                str(cause or expectation(kind, path)),
            )
            if line.get("ctx", {}).get("le") == MOST:
                expected += f" and at most {MOST:,}"
            if line["type"] == "finite_number":
                expected = expected.replace("a number", "a finite number")
            yield f"{name}: found {found}, expected {expected}"


def expectation(kind: type, path: Sequence[int | str]) -> str:
    """Return what a section takes for the setting at `path`, in words, such as "a whole number of at least 1"."""
    setting = _setting_at(kind, path)
    if get_origin(setting.annotation) is Literal:
        return " or ".join(f'"{choice}"' for choice in get_args(setting.annotation))
    if get_origin(setting.annotation) is list:
        return "a value or a list of values"
    if setting.annotation not in _KINDS:
        return f"a section [{'.'.join(map(str, path))}]"
    bounds = {name: getattr(each, name) for each in setting.metadata for name in ("ge", "le") if hasattr(each, name)}
    if bounds.get("le") == MOST:  # nobody needs to be told, unless a value is beyond it
        bounds = {name: bound for name, bound in bounds.items() if abs(bound) != MOST}
    return _KINDS[setting.annotation] + _within(bounds)


def _within(bounds: Mapping[str, float]) -> str:
    if len(bounds) == 2:
        return f" from {bounds['ge']:g} to {bounds['le']:g}"
    return "".join(f" of at {'least' if name == 'ge' else 'most'} {bound:g}" for name, bound in bounds.items())


def _setting_at(kind: Any, path: Sequence[int | str]) -> FieldInfo:  # noqa: ANN401
    """Return the type and the bounds of the setting at a path inside a section, such as ("caps", "story")."""
    setting = FieldInfo.from_annotation(kind)
    for name in path:
        around: Any = setting.annotation
        if around is Any:  # an arm's settings: each is named with its own place among the newsroom's
            break
        # The names in a dict are the user's own, such as categories; all have values of one type.
        inner = (
            get_args(around)[1]
            if get_origin(around) is dict
            else get_type_hints(around, include_extras=True)[str(name)]
        )
        setting = FieldInfo.from_annotation(inner)
    return setting


def has_no_default(path: Sequence[str], kind: type) -> bool:
    """Return whether the setting at a path inside a section must be given where its section is there."""
    *around, name = path
    section_of = _setting_at(kind, around).annotation
    found = {one.name: one for one in fields(section_of)} if is_dataclass(section_of) else {}
    return name in found and found[name].default is MISSING and found[name].default_factory is MISSING


def _unknown(name: str, kind: Any) -> str:  # noqa: ANN401
    if renamed := getattr(kind, "RENAMED", {}).get(name):
        return f"no such setting; it is called {renamed} now"
    known = [setting.name for setting in fields(kind)]
    near = get_close_matches(name, known, 1)
    return f"no such setting{f', did you mean {near[0]}?' if near else ';'} known here: {', '.join(known)}"
