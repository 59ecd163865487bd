"""Measure what a night costs: the first build, one with 1 % of the articles changed, and one with nothing changed.

Makes a newsroom of the size asked for from the articles of another, each build in a process of its own, as at night.
Articles are repeated under other ids, the n-th repeat without its first n words; half of the changed articles are new
and half have another text. Texts for readers are not written (the publisher's own words stand), since they depend on
the readers and not on the articles. Prints a table; with --out writes JSON and Markdown.

Example: python scripts/benchmark_nightly.py newsroom --size 100000 --out benchmarks/results
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

STAGES = ("encode", "index", "retrieve", "rerank", "generate", "digest", "check")
OF_READERS = ("retrieve", "rerank", "generate")
"""Stages whose cost goes with the readers, whatever changed of the articles."""
CHANGED = 0.01
CONFIG = 'clock = "latest"\n[generate]\nwriter = ""\n'


def measure(
    newsroom: Annotated[Path, typer.Argument(help="A newsroom with articles and readers; it stays as it is.")],
    size: Annotated[int, typer.Option(help="Articles of the newsroom that is made.")] = 100_000,
    readers: Annotated[int, typer.Option(help="Readers that each edition is built for.")] = 50,
    work: Annotated[Path | None, typer.Option(help="Empty folder to work in, else a temporary one.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON and Markdown.")] = None,
) -> None:
    """Print seconds by stage."""
    from broadsheet.evaluation.report.document import check_output, stamp
    from broadsheet.tables.files import write_json, write_text

    check_output(out)
    with tempfile.TemporaryDirectory(dir=work) as folder:
        room = Path(folder) / "newsroom"
        users = _make(newsroom, room, size, readers)
        data = {"articles": size, "readers": len(users.read_text("utf-8").splitlines())}
        rows = {"first": _build(room, users)}
        _change(newsroom, room, size)
        rows["1 % changed"] = _build(room, users)
        rows["nothing changed"] = _build(room, users)
    for row in rows.values():
        row["share_of_first"] = round(row["seconds"] / rows["first"]["seconds"], 4)
    document = {"benchmark": "nightly", **stamp(Path(__file__).parent), "data": data, "rows": rows}
    text = _markdown(document)
    print(text)
    if out:
        write_json(out / "nightly.json", document)
        write_text(out / "nightly.md", text)


def _make(source: Path, target: Path, size: int, readers: int) -> Path:
    """Make the newsroom, and return a file with the ids of its readers."""
    from broadsheet.importers.transaction import Import
    from broadsheet.newsroom import Newsroom
    from broadsheet.tables.arrow_files import read_table
    from broadsheet.tables.schemas import USERS

    users = read_table(Newsroom(source).users, USERS)
    known = [row for row in users.to_pylist() if row["history"] or row["profile"]][:readers]
    with Import(Newsroom(target)) as add:
        add.news(_articles(source, range(size)))
        add.users(known)
    Newsroom(target).config_file.write_text(CONFIG, "utf-8")
    ids = target / "readers.txt"
    ids.write_text("".join(f"{row['user_id']}\n" for row in known), "utf-8")
    return ids


def _change(source: Path, target: Path, size: int) -> None:
    """Give half of the changed articles another text, and add as many new ones."""
    from broadsheet.importers.transaction import Import
    from broadsheet.newsroom import Newsroom

    half = max(1, round(size * CHANGED / 2))
    with Import(Newsroom(target)) as add:
        changed = _articles(source, range(0, size, size // half))
        add.news(row | {"title": f"Updated: {row['title']}"} for row in changed)
        add.news(_articles(source, range(size, size + half)))


def _articles(source: Path, numbers: Iterable[int]) -> Iterator[dict[str, Any]]:
    """Yield the articles of these numbers: those of the source in its order, again and again."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.tables.arrow_files import read_table
    from broadsheet.tables.schemas import NEWS

    news = read_table(Newsroom(source).news, NEWS).to_pylist()
    for number in numbers:
        repeat, place = divmod(number, len(news))
        article = news[place]
        if repeat:
            words = f"{article['title']} {article['abstract']}".split()
            kept = words[min(repeat, len(words) - 1) :]
            own = {"title": " ".join(kept[:12]), "abstract": " ".join(kept[12:])}
            article = article | own | {"news_id": f"{article['news_id']}-{repeat}"}
        yield article


def _build(room: Path, users: Path) -> dict[str, Any]:
    """Build in a process of its own and return what it took."""
    log = room / "build.jsonl"
    log.unlink(missing_ok=True)
    started = time.perf_counter()
    command = [sys.executable, "-m", "broadsheet.cli.app", "build", str(room), "--users", str(users)]
    subprocess.run([*command, "--log-json", str(log)], check=True)
    seconds = time.perf_counter() - started
    events = {event["stage"]: event for event in map(json.loads, log.read_text("utf-8").splitlines())}
    return {
        "seconds": round(seconds, 1),
        "stages": {name: events[name]["seconds"] for name in STAGES},
        "for_readers": round(sum(events[name]["seconds"] for name in OF_READERS), 1),
        "encoded": events["encode"]["counts"]["encoded"],
        "reused": events["encode"]["counts"]["reused"],
        "said": {name: events[name]["what"] for name in STAGES},
    }


def _markdown(document: dict[str, Any]) -> str:
    lines = [
        "| build | seconds | of which for readers | share of the first | encoded | taken over | "
        f"{' | '.join(STAGES)} | the rest |",
        "|---" * (len(STAGES) + 7) + "|",
    ]
    for name, row in document["rows"].items():
        rest = row["seconds"] - sum(row["stages"].values())
        cells = [f"{row['seconds']:.1f}", f"{row['for_readers']:.1f}", f"{row['share_of_first']:.1%}"]
        cells += [f"{row['encoded']:,}", f"{row['reused']:,}"]
        cells += [f"{seconds:.1f}" for seconds in row["stages"].values()]
        lines.append(f"| {name} | {' | '.join(cells)} | {rest:.1f} |")
    data, machine = document["data"], document["machine"]
    lines += [
        "",
        f"{data['articles']:,} articles, {data['readers']:,} readers; a process of its own for each build, whose start "
        "and models are in the rest; texts for readers not written.",
        "",
        f"{machine['processor']}, {machine['cores']} cores; commit {document['commit'][:12]}, {document['date']}.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    from command import run

    run(measure)
