"""What the examples of the documents find in the working directory: a built newsroom and files to import."""

import gzip
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
from pyarrow import Table

from broadsheet.importers.transaction import Import
from broadsheet.models.assets import ASSETS, RECORD
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from tests.support.tiny import START, make_encoder, make_impressions, make_news, make_writer

READERS = ("maya-politics", "priya-science", "tom-sport", "lena-business", "nora-culture", "sam-newcomer")
SETTINGS = """clock = "latest"
[generate]
stories = 3
drafts = 1
[towers]
epochs = 1
[reranker]
epochs = 1
[writer]
epochs = 1
"""
HEADLINES = """user_id\tnews_id\theadline\tclicked
tom-sport\tN0\tCup match wins\t1
tom-sport\tN0\tThe goal says\t0
"""


def make_assets(cache: Path) -> Path:
    """Fill a cache of assets with tiny models in the places of the default ones."""
    for name, make in (("minilm", make_encoder), ("smollm2", make_writer)):
        asset = ASSETS[name]
        folder = make(cache / f"{name}-{asset.version}")
        sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
        (folder / RECORD).write_text(json.dumps({"sha256": asset.sha256, "files": sizes}), "utf-8")
    return cache


def make_desk(folder: Path) -> Path:
    """Fill a folder with `newsroom` and `demo/newsroom`, which are the same, and with files to import."""
    room = Newsroom(folder / "newsroom")
    impressions = make_impressions(60)
    with Import(room) as add:
        add.news(make_news())
        add.users(_reader(name, number) for number, name in enumerate(READERS))
        add.clicks(_click(name, number, place) for number, name in enumerate(READERS) for place in range(5))
        for split in ("train", "tune", "valid"):
            add.impressions(split, impressions)
    room.config_file.write_text(SETTINGS, "utf-8")
    build(room, "all")
    shutil.copytree(room.path, folder / "demo" / "newsroom", symlinks=True)
    _write_mind(folder / "MINDsmall_train", datetime(2019, 11, 13, 10, tzinfo=UTC))
    _write_mind(folder / "MINDsmall_dev", datetime(2019, 11, 15, tzinfo=UTC))
    _write_tables(folder)
    _write_reads(folder / "reads")
    return folder


def _reader(name: str, number: int) -> dict[str, object]:
    history = _read(number)[:3]
    new = name in ("nora-culture", "sam-newcomer")
    profile = "space rocket" if name == "nora-culture" else ""
    return {"user_id": name, "history": [] if new else history, "profile": profile, "hidden": []}


def _click(name: str, number: int, place: int) -> dict[str, object]:
    time = START + timedelta(hours=30 + 4 * place, minutes=number)
    return {"user_id": name, "news_id": _read(number)[place], "time": time, "event": "click"}


def _read(number: int) -> list[str]:
    """Return five articles of one category; no two readers have read the same ones."""
    return [f"N{number % 3 + 3 * (place + number)}" for place in range(5)]


def _write_mind(folder: Path, first: datetime) -> None:
    """Write a folder of MIND: 60 impressions, half an hour apart."""
    folder.mkdir()
    columns = ("news_id", "category", "subcategory", "title", "abstract", "url")
    news = ["\t".join(str(row[name]) for name in columns) for row in make_news()]
    behaviors = [
        "\t".join(
            [
                str(row["impression_id"]),
                str(row["user_id"]),
                f"{first + number * timedelta(minutes=30):%m/%d/%Y %I:%M:%S %p}",
                " ".join(row["history"]),
                " ".join(
                    f"{news_id}-{int(click)}" for news_id, click in zip(row["shown"], row["clicked"], strict=True)
                ),
            ]
        )
        for number, row in enumerate(make_impressions())
    ]
    (folder / "news.tsv").write_text("\n".join(news) + "\n", "utf-8")
    (folder / "behaviors.tsv").write_text("\n".join(behaviors) + "\n", "utf-8")


def _write_tables(folder: Path) -> None:
    """Write a publisher's files: articles, clicks, late articles and headlines that readers chose."""
    news = make_news(12)
    pq.write_table(Table.from_pylist(news), folder / "articles.parquet")
    with gzip.open(folder / "clicks.csv.gz", "wt", encoding="utf-8") as file:
        file.write("user_id,news_id,time\n")
        file.writelines(f"{reader},N1,2024-05-02T16:00:00Z\n" for reader in READERS)
    late = {"news_id": "L1", "headline": "Rocket lab wins", "category": "science", "source": "Paper 1"}
    (folder / "late.jsonl").write_text(json.dumps(late) + "\n", "utf-8")
    (folder / "headlines.tsv").write_text(HEADLINES, "utf-8")


def _write_reads(folder: Path) -> None:
    """Write a data set of clicks in the layout of the hub, with column names of its own."""
    (folder / "data").mkdir(parents=True)
    rows = [{"user_id": name, "article": "N2", "read_at": START + timedelta(hours=60)} for name in READERS]
    pq.write_table(Table.from_pylist(rows), folder / "data" / "2026-00000-of-00001.parquet")
