"""What a site adds of its own, given in Python or named in broadsheet.toml under [own]."""

import hashlib
import inspect
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from broadsheet.config.own import OwnConfig, OwnSignalConfig, OwnSourceConfig
from broadsheet.corpus.catalogue import Catalogue
from broadsheet.errors import ConfigError, join_problems
from broadsheet.own_parts.loading import load_part
from broadsheet.readers.state import ReaderState
from broadsheet.tables.schemas import CANDIDATES, NEWS, RANKED

Signal = Callable[[ReaderState, pa.Table, datetime], Sequence[float | None]]
"""A reader, n rows of the table news, and the time of the request, to n numbers: the higher, the better.

None where the signal cannot be known. Nothing that happened after the time may enter: training and benchmarks ask for
times gone by.
"""
Source = Callable[[ReaderState, Catalogue, datetime, int], Sequence[tuple[str, float]]]
"""A reader, the articles there are, the time of the request and n, to at most n pairs of a news_id and a score.

Every news_id must be in `catalogue.row_of`. Articles that the reader may not be shown (read, hidden, muted, withdrawn,
or published later) are taken out afterwards.
"""
Rerank = Callable[[ReaderState, pa.Table], Sequence[float]]
"""A reader and n candidates, to n scores: the higher, the nearer to the top.

The candidates have the columns of the table news, and a column for each signal, null where it is absent.
"""
WriteTexts = Callable[[Sequence[str], str], Sequence[str | None]]
"""n prompts and the job, headline or summary, to n texts; None for no text."""
ReadRows = Callable[[Path], Iterable[tuple[str, Mapping[str, Any]]]]
"""A file or folder, to pairs of a table's name and a row: news, users, clicks, or impressions:SPLIT, news first."""

_COLUMNS = frozenset([*NEWS.names, *CANDIDATES.names, *RANKED.names])
"""Names that own scores cannot have: a re-ranker or a benchmark finds a column of the tables by them."""
_PLAIN: Any = str | int | float | None
"""Arguments whose values every process writes alike."""
_PART_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


@dataclass(frozen=True)
class OwnSignal:
    """A signal of the site's own."""

    call: Signal
    weight: float = 1.0
    "What it counts for beside the weights of [rerank.weights]; 0 where only the learned fusion uses it."
    reason: str = ""
    "The sentence under a story that it lifted most; see rerank.reasons.sentences.Evidence for what {braces} can name."


@dataclass(frozen=True)
class OwnSource:
    """A source of candidates of the site's own."""

    call: Source
    weight: float = 1.0
    "What its scores count for beside those of [retrieval.weights]; 0 turns it off."


@dataclass(frozen=True)
class OwnParts:
    """All that a site adds of its own; raises ConfigError for a name or a weight that cannot be used."""

    signals: Mapping[str, OwnSignal] = field(default_factory=dict)
    sources: Mapping[str, OwnSource] = field(default_factory=dict)
    reranker: Rerank | None = None
    "Scores candidates in place of the weights and of the learned fusion."
    writer: WriteTexts | None = None
    "Writes headlines and summaries in place of [generate] writer."
    importers: Mapping[str, ReadRows] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = [
            *_name_problems("signal", self.signals, _COLUMNS),
            *_name_problems("source", self.sources, (*_COLUMNS, *self.signals)),
            *_name_problems("importer", self.importers, ()),
        ]
        kinds: tuple[tuple[str, Mapping[str, Any], type], ...]
        kinds = (("signal", self.signals, OwnSignal), ("source", self.sources, OwnSource))
        for kind, parts, wrapper in kinds:
            for name, part in parts.items():
                if not isinstance(part, wrapper):
                    made = wrapper.__name__
                    problems.append(
                        f"own {kind} {name}: found {part!r:.80}, expected an {made}, such as {made}(function)"
                    )
                    continue
                if not callable(part.call):
                    problems.append(f"own {kind} {name}: found {part.call!r}, expected a function")
                if not (isinstance(part.weight, int | float) and math.isfinite(part.weight) and part.weight >= 0):
                    problems.append(
                        f"own {kind} {name}: found the weight {part.weight!r}, expected a number of 0 or more"
                    )
        functions: dict[str, Any] = {"re-ranker": self.reranker, "writer": self.writer}
        functions |= {f"importer {name}": call for name, call in self.importers.items()}
        problems += [
            f"own {name}: found {call!r}, expected a function"
            for name, call in functions.items()
            if call is not None and not callable(call)
        ]
        if problems:
            raise ConfigError(join_problems(problems))

    def __bool__(self) -> bool:
        return any((self.signals, self.sources, self.reranker, self.writer, self.importers))

    def __or__(self, other: "OwnParts") -> "OwnParts":
        """Return these parts and others; where both have a part, that of `other` counts."""
        return OwnParts(
            signals={**self.signals, **other.signals},
            sources={**self.sources, **other.sources},
            reranker=other.reranker or self.reranker,
            writer=other.writer or self.writer,
            importers={**self.importers, **other.importers},
        )

    def described(self) -> dict[str, str]:
        """Return what makes editions, by kind and name: the function's name and a fingerprint of its module's file.

        For example `{"signal near_region": "my_site.parts:near_region 0f3c7a9b"}`. Two processes with equal
        descriptions rank and write alike.
        """
        parts: dict[str, Any] = {f"signal {name}": part.call for name, part in self.signals.items()}
        parts |= {f"source {name}": part.call for name, part in self.sources.items()}
        parts |= {"re-ranker": self.reranker, "writer": self.writer}
        return {name: f"{part_name(call)} {_code(call)}".strip() for name, call in parts.items() if call is not None}

    def as_settings(self) -> OwnConfig:
        """Return the settings that name the signals, the sources and the re-ranker, for a worker of a build.

        A worker on another machine imports these functions by their names. The writer and the importers are left out,
        since only the process that runs the build or the import calls them. Raises ConfigError for a function that
        cannot be imported by name: a lambda, a method, or a function inside another function.
        """
        return OwnConfig(
            signals={
                name: OwnSignalConfig(_importable(part.call), part.weight, part.reason)
                for name, part in self.signals.items()
            },
            sources={name: OwnSourceConfig(_importable(part.call), part.weight) for name, part in self.sources.items()},
            reranker=_importable(self.reranker) if self.reranker else "",
        )


def open_parts(settings: OwnConfig) -> OwnParts:
    """Import the parts that the settings name; raises ConfigError for a part that cannot be found or used."""
    return OwnParts(
        signals={
            name: OwnSignal(load_part(one.call, f"own.signals.{name}.call"), one.weight, one.reason)
            for name, one in settings.signals.items()
        },
        sources={
            name: OwnSource(load_part(one.call, f"own.sources.{name}.call"), one.weight)
            for name, one in settings.sources.items()
        },
        reranker=load_part(settings.reranker, "own.reranker") if settings.reranker else None,
        writer=load_part(settings.writer, "own.writer") if settings.writer else None,
        importers={name: load_part(call, f"own.importers.{name}") for name, call in settings.importers.items()},
    )


def part_name(call: Callable[..., Any]) -> str:
    """Return a function's name as settings name it: "package.module:function".

    A `functools.partial` is named by its function and the types of its arguments, such as
    "my_site.parts:near_region(region=str)". The values are left out, as one may be a password.
    """
    if isinstance(call, partial):
        given = [type(value).__name__ for value in call.args]
        given += [f"{name}={type(value).__name__}" for name, value in call.keywords.items()]
        return f"{part_name(call.func)}({', '.join(given)})"
    named = call if hasattr(call, "__qualname__") else type(call)
    return f"{named.__module__}:{named.__qualname__}"


def part_title(kind: str, name: str, call: Callable[..., Any]) -> str:
    """Return what errors call a part, such as `own signal near_region (my_site.parts:near_region)`."""
    return f"own {' '.join(filter(None, (kind, name)))} ({part_name(call)})"


def differing_parts(built_with: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """Return in words how the parts that an edition was built with differ from ours; empty if they are the same.

    Both are what `OwnParts.described` returns. An example is "without the own signal near_region, which this process
    has".
    """
    missing, gone = ours.keys() - built_with.keys(), built_with.keys() - ours.keys()
    changed = {name for name in built_with.keys() & ours.keys() if built_with[name] != ours[name]}
    said = [
        f"without the own {', '.join(sorted(missing))}, which this process has" if missing else "",
        f"with the own {', '.join(sorted(gone))}, which this process does not have" if gone else "",
        f"with another version of the own {', '.join(sorted(changed))}" if changed else "",
    ]
    return ", and ".join(filter(None, said))


def _code(call: Callable[..., Any]) -> str:
    """Return 8 hex digits of the SHA-256 of the file that a function is from; empty where it is from no file.

    Of a `functools.partial`, its texts, numbers and None count too.
    """
    plain = b""
    while isinstance(call, partial):
        given: list[tuple[object, Any]] = [*enumerate(call.args), *sorted(call.keywords.items())]
        plain += repr([(name, value) for name, value in given if isinstance(value, _PLAIN)]).encode()
        call = call.func
    try:
        path = inspect.getsourcefile(inspect.unwrap(call))
        return hashlib.sha256(Path(path).read_bytes() + plain).hexdigest()[:8] if path else ""
    except (TypeError, OSError):
        return ""


def _importable(call: Callable[..., Any]) -> str:
    name = part_name(call)
    try:
        found = load_part(name, "own parts")
    except ConfigError:
        found = None
    if found is not call or name.startswith("__main__:"):
        raise ConfigError(
            f"own part {name}: other processes cannot import it by this name. Define it with `def` at the top of a "
            "module that is installed there too."
        )
    return name


def _name_problems(kind: str, names: Iterable[str], taken: Collection[str]) -> list[str]:
    expected = "a name of lower-case letters, digits and _, at most 40, a letter first"
    problems = [f"own {kind} {name!r}: expected {expected}" for name in names if not _PART_NAME.fullmatch(name)]
    return problems + [f"own {kind} {name}: this name is taken; choose another one" for name in names if name in taken]
