"""The proof that a forgotten reader is nowhere: a reader lives on the air, is forgotten, and every file is searched."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow.compute as pc
from httpx2 import Client

from broadsheet.errors import InputError
from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.service.one_reader import (
    CLICKS,
    Browser,
    act_by_key,
    read_the_paper,
    send_letter,
    stop_letters,
)
from broadsheet.evaluation.service.served import Running, free_port, running
from broadsheet.evaluation.systems.reader_scan import scan
from broadsheet.importers.transaction import Import
from broadsheet.letters.run import run_pushes
from broadsheet.live.live_workbench import request_time
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.operations.reader_file import export_reader, history_in, read_reader
from broadsheet.operations.reader_import import import_reader
from broadsheet.pipeline import Pipeline
from broadsheet.progress import Say
from broadsheet.service.security.accounts.keys import add_key
from broadsheet.service.serving.state import State

K = 20
"""Stories of the pages that are compared."""
NOBODY = "a-reader-whom-nobody-knows"
SETTINGS = """
[letter]
sender = "news@example.org"
[push]
threshold = 0.0
hours = 720
quiet_from = 0
quiet_until = 0
[service]
access_log = true
public_url = "http://127.0.0.1:{port}"
"""


def prove_forgetting(newsroom: Newsroom, other: Newsroom, say: Say) -> dict[str, Any]:
    """Return the document of a reader who lives in a newsroom, moves to the other, and is forgotten in the first.

    Both are copies of one newsroom, and both are changed: the first gets settings, an API key, a reader and two
    editions, the other gets the reader's file and an edition. Raises InputError for a newsroom whose settings have a
    section of SETTINGS already.
    """
    port = free_port()
    for room in (newsroom, other):
        _others_read(room)
    add_settings(newsroom, port)
    key = add_key(State(newsroom), f"proof {time.time_ns():x}", ["pages", "events", "readers"], "proof")
    with TemporaryDirectory() as folder:
        log, file = Path(folder) / "service.log", Path(folder) / "reader.jsonl"
        with log.open("wb") as printed, running(newsroom.path, key, port=port, log=printed) as service:
            lived = _live(newsroom, service, say)
            reader = lived["reader"]
            export_reader(newsroom, reader, file)
            history, page = history_in(file), shown(newsroom, reader)
            found = _forgotten(newsroom, service, reader, history, say)
        say("the reader's file is imported into the other newsroom")
        import_reader(other, file)
        build(other, "all", say)
        there = shown(other, reader)
        exported = Counter(line["table"] for line in read_reader(file)[1])
        printed_text = log.read_text("utf-8", "replace")
    return {
        "benchmark": "forgetting-demo",
        **stamp(),
        "articles": len(Pipeline.open(newsroom).bench.data.catalogue.row_of),
        "acts": lived["acts"],
        "history": len(history),
        **found,
        "log": {"lines": printed_text.count("\n"), "hits": printed_text.count(reader)},
        "export": {
            "rows": dict(exported),
            "stories": len(page),
            "same": page == there,
            "in the same place": sum(one == two for one, two in zip(page, there, strict=False)),
            "of a reader whom nobody knows": sum(
                one == two for one, two in zip(page, shown(other, NOBODY), strict=False)
            ),
        },
    }


def is_proved(document: Mapping[str, Any]) -> bool:
    """Return whether nothing of the reader is left, the reader was hidden at once, and the other page is the same."""
    after, hidden = document["scans"]["after the next night"], document["hidden"]
    left = [after["id"], after["history"], document["log"]["hits"], hidden["rows of the export after"]]
    return not any(left) and hidden["page of a reader whom nobody knows"] and document["export"]["same"]


def add_settings(newsroom: Newsroom, port: int) -> None:
    """Append SETTINGS, with the port of the service, to a newsroom's file.

    Raises InputError if the file has a section of them already.
    """
    text = newsroom.config_file.read_text("utf-8") if newsroom.config_file.is_file() else ""
    known = [line for line in SETTINGS.splitlines() if line.startswith("[") and line in text]
    if known:
        raise InputError(f"{newsroom.config_file}: found {', '.join(known)}, expected a newsroom without it.")
    newsroom.config_file.write_text(text + SETTINGS.format(port=port), "utf-8")


def shown(newsroom: Newsroom, reader: str) -> list[str]:
    """Return the articles on a reader's page of K stories, the top first; the page is not logged."""
    ids: list[str] = Pipeline.open(newsroom.path).run(reader, K).stories["news_id"].to_pylist()
    return ids


def searched(newsroom: Newsroom, reader: str, history: Sequence[str]) -> dict[str, Any]:
    """Return how many files and bytes a newsroom has, and in how many places of each folder a scan finds the reader."""
    files = [path for path in newsroom.path.rglob("*") if path.is_file() and not path.is_symlink()]
    found = scan(newsroom, reader, history)
    return {
        "files": len(files),
        "bytes": sum(path.stat().st_size for path in files),
        "id": _by_folder([one.place for one in found if one.what == "id"]),
        "history": _by_folder([one.place for one in found if one.what == "history"]),
    }


def _by_folder(places: Sequence[str]) -> dict[str, int]:
    return dict(sorted(Counter(place.partition("/")[0] for place in places).items()))


def _live(newsroom: Newsroom, service: Running, say: Say) -> dict[str, Any]:
    """Return the pseudonym and the acts of a reader who reads for a day, is in an edition, and gets letter and push."""
    with service.client() as site:
        say("a reader agrees to be remembered, and reads")
        browser = Browser(Client(base_url=service.address, timeout=120))
        reader = read_the_paper(browser, newsroom, _sections(newsroom))
        taken = act_by_key(site, reader, "first-day")
        say("the first night")
        build(newsroom, "all", say)
        stop_letters(browser, send_letter(newsroom, reader))
        pushed = len(list(run_pushes(newsroom.path, None, [reader])))
        act_by_key(site, reader, "second-day")
    acts = {**browser.acts, "letter": 1, "push": pushed}
    return {"reader": reader, "acts": {**acts, **{f"{kind} by a site's key": count for kind, count in taken.items()}}}


def _forgotten(newsroom: Newsroom, service: Running, reader: str, history: Sequence[str], say: Say) -> dict[str, Any]:
    """Forget a reader by the API, build, and return what was found before, at once and after."""
    scans = {"before": searched(newsroom, reader, history)}
    with service.client() as site:
        answer = site.post(f"/v1/readers/{reader}/forget")
        hidden: dict[str, Any] = {
            "status": answer.status_code,
            "page of a reader whom nobody knows": _ids(site, reader) == _ids(site, NOBODY),
            "rows of the export": len(site.get(f"/v1/readers/{reader}/export").text.splitlines()) - 1,
        }
        scans["at once"] = searched(newsroom, reader, history)
        say("the night after")
        started = time.perf_counter()
        build(newsroom, "all", say)
        hidden["seconds of the night"] = time.perf_counter() - started
        scans["after the next night"] = searched(newsroom, reader, history)
        hidden["rows of the export after"] = len(site.get(f"/v1/readers/{reader}/export").text.splitlines()) - 1
    return {"scans": scans, "hidden": hidden}


def _ids(site: Client, reader: str) -> list[str]:
    answer = site.get(f"/v1/readers/{reader}/page", params={"k": K, "log": False})
    return [story["news_id"] for story in answer.json()["stories"]]


def _others_read(newsroom: Newsroom) -> None:
    """Have each reader of the edition click CLICKS of the newest articles, so that the corpus has clicks of others."""
    bench = Pipeline.open(newsroom.path).bench
    times = np.nan_to_num(bench.data.catalogue.published_at)
    ids = bench.data.catalogue.ids(np.argsort(-times, kind="stable")[: 2 * CLICKS].tolist()).to_pylist()
    with Import(newsroom) as add:
        add.clicks(
            {"user_id": user_id, "news_id": ids[number % len(ids)], "time": request_time(bench)}
            for place, user_id in enumerate(bench.data.readers.audience.all())
            for number in range(place, place + CLICKS)
        )


def _sections(newsroom: Newsroom) -> tuple[str, str]:
    """Return the section with the most articles, and the section with the second most."""
    counts = pc.value_counts(Pipeline.open(newsroom.path).bench.data.catalogue.news["category"]).to_pylist()
    named: list[Mapping[str, Any]] = [one for one in counts if one["values"]]
    first, second = sorted(named, key=lambda one: (-one["counts"], one["values"]))[:2]
    return str(first["values"]), str(second["values"])
