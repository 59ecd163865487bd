"""What larger newsrooms would cost, in proportion to the figures of benchmarks/results."""

import json
from dataclasses import dataclass
from pathlib import Path

from broadsheet.config.settings import Config
from broadsheet.markdown import table

SIZES = ((100_000, 1_000_000), (1_000_000, 10_000_000), (10_000_000, 100_000_000), (100_000_000, 1_000_000_000))
"""Articles and users."""
DIM = 384


@dataclass(frozen=True)
class Assumptions:
    """The assumptions that no benchmark measures."""

    active: float = 0.1
    "Share of the users for whom a night makes a page."
    changed: float = 0.01
    "Share of the articles that are new in a night; each of them is encoded, and its texts are written, once."
    cores: int = 64
    "Cores of a machine."
    night: float = 6.0
    "Hours that a night's build may take."
    price: float = 0.04
    "Price of a core for an hour, in whatever currency."
    peak: float = 3.0
    "Requests a second in the busiest hour, over the day's mean; every active user asks for one page a day."


@dataclass(frozen=True)
class Measured:
    """Figures of the benchmarks, in seconds of one core and bytes."""

    encode: float
    page: float
    text: float | None
    "None, like the readers' tables, until engines.json is there."
    learn: float
    "Seconds of training for a click."
    driver: float
    "Memory of the encoding process that is its own, each article more."
    process: float
    "Memory of a process with the encoder."
    user_bytes: dict[str, float]
    "Of each table, for a reader."


def read_measured(results: Path) -> Measured:
    """Read the figures from the folder of the benchmarks' results."""
    encoding, memory, pipeline, training = (
        json.loads((results / f"{name}.json").read_text("utf-8"))
        for name in ("encoding", "encoding-memory", "pipeline", "training-step")
    )
    text, user_bytes = _read_engines(results / "engines.json")
    small, large = memory["tables"]["10000"], memory["tables"]["200000"]
    return Measured(
        encode=1 / encoding["rows"]["Broadsheet"]["articles_per_processor_second"],
        page=pipeline["stages"]["whole page"]["p50_ms"] / 1000 * pipeline["machine"]["cores"],
        text=text,
        learn=1 / training["rows"]["ours, stored history"]["clicks_per_s"],
        driver=(large["anonymous_mib"] - small["anonymous_mib"]) * 2**20 / 190_000,
        process=small["peak_mib"] * 2**20,
        user_bytes=user_bytes,
    )


def _read_engines(path: Path) -> tuple[float | None, dict[str, float]]:
    """Return the seconds of an article's texts and the bytes of a reader's tables, if they were measured."""
    if not path.is_file():
        return None, {}
    engines = json.loads(path.read_text("utf-8"))
    seconds = engines["rows"]["local"]["stages"]["generate"] * engines["machine"]["cores"]
    tables = engines["tables"]
    sizes = {name: rows * tables[name]["bytes"] / tables[name]["rows"] for name, rows in rows_of_a_reader().items()}
    return seconds / engines["counts"]["texts_written"], sizes


def rows_of_a_reader() -> dict[str, int]:
    """Return how many rows of each table a reader has, by the default settings."""
    config = Config()
    return {
        "user_vectors": config.towers.interests,
        "candidates": config.retrieval.candidates,
        "ranked": config.rerank.depth,
        "stories": config.generate.stories,
    }


def extrapolation(assumed: Assumptions, measured: Measured) -> str:
    """Return the tables as Markdown."""
    tables = (_units(measured), _night(assumed, measured), _disk(assumed, measured), _machines(assumed, measured))
    return "\n\n".join([*tables, _assumptions(assumed)]) + "\n"


def _units(measured: Measured) -> str:
    rows = [
        ("encode an article", _seconds(measured.encode), "encoding.json: Broadsheet, articles_per_processor_second"),
        ("make a page", _seconds(measured.page), "pipeline.json: whole page, p50_ms, times its cores"),
        ("learn from a click", _seconds(measured.learn), "training-step.json: ours, stored history, clicks_per_s"),
        ("encoding process, for each article", _bytes(measured.driver), "encoding-memory.json: anonymous_mib"),
        ("process with the encoder", _bytes(measured.process), "encoding-memory.json: 10000, peak_mib"),
        *(
            (f"{name}, a reader", _bytes(size), "engines.json: tables, bytes a row, times the rows by default")
            for name, size in measured.user_bytes.items()
        ),
    ]
    if measured.text:
        rows.append(
            ("write the texts of an article", _seconds(measured.text), "engines.json: local, generate, times cores")
        )
    return "\n".join(table(("one of", "core-seconds or bytes", "from"), rows))


def _night(assumed: Assumptions, measured: Measured) -> str:
    rows = []
    for articles, users in SIZES:
        first = articles * measured.encode / 3600
        encode = first * assumed.changed
        pages = users * assumed.active * measured.page / 3600
        texts = articles * assumed.changed * (measured.text or 0) / 3600
        night = encode + pages + texts
        machines = -(-night // (assumed.cores * assumed.night))
        cells = [*map(_number, (first, encode, pages)), _number(texts) if measured.text else "not measured"]
        cells += map(_number, (night, machines, night * assumed.price))
        rows.append([*_size(articles, users), *cells])
    first_row = "first encoding, night's encoding, night's pages, night's texts, night in all".split(", ")
    return "\n".join(
        table(("articles", "users", *(f"{name}, core-h" for name in first_row), "machines", "price a night"), rows)
    )


def _disk(assumed: Assumptions, measured: Measured) -> str:
    of_reader = sum(measured.user_bytes.values())
    rows = []
    for articles, users in SIZES:
        vectors = articles * DIM * 4
        codes = articles * (DIM // 4 + 8)  # 4 bits for each two dimensions, and a 64-bit id
        readers = _bytes(users * assumed.active * of_reader) if of_reader else "not measured"
        cells = [*map(_bytes, (vectors, vectors / 2, codes)), readers, _bytes(articles * measured.driver)]
        rows.append([*_size(articles, users), *cells])
    columns = (
        "news_vectors, float32",
        "in float16",
        "IVF-PQ codes",
        "readers' tables",
        "memory of the encoding process",
    )
    return "\n".join(table(("articles", "users", *columns), rows))


def _machines(assumed: Assumptions, measured: Measured) -> str:
    rows = []
    for articles, users in SIZES:
        asked = users * assumed.active * assumed.peak / 86_400
        serving = -(-asked * measured.page // assumed.cores)
        clicks = users * assumed.active / 10
        learning = clicks * measured.learn / 3600
        memory = measured.process * assumed.cores + articles * (DIM * 2 + DIM // 4 + 8)
        cells = (_number(asked), _number(serving), _bytes(memory), _number(learning))
        rows.append([*_size(articles, users), *cells])
    columns = (
        "pages/s at the peak",
        "serving machines",
        "memory of one",
        "training, core-h",
    )
    return "\n".join(table(("articles", "users", *columns), rows))


def _assumptions(assumed: Assumptions) -> str:
    return (
        f"Assumed: {assumed.active:.0%} of the users are active; {assumed.changed:.0%} of the articles are new in a "
        "night; "
        f"machines of {assumed.cores} cores; a night of {assumed.night:g} hours; {assumed.price:g} for a core-hour; "
        f"at the peak {assumed.peak:g} times the day's mean; "
        "the training learns from one click of each tenth active user."
    )


def _size(articles: int, users: int) -> tuple[str, str]:
    return f"{articles:,}", f"{users:,}"


def _number(value: float) -> str:
    """Return a count or hours with two digits that count."""
    return f"{float(f'{value:.2g}'):,.10g}"


def _seconds(value: float) -> str:
    return f"{value:.3g} s"


def _bytes(value: float) -> str:
    units = ["B", "kB", "MB", "GB", "TB", "PB"]
    while value >= 999.5 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{value:.3g} {units[0]}"
