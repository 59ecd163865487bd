"""The figures on MIND from its folder: splits, trainings and the ranking of the validation day.

Each step's result is there whole or not at all, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from broadsheet.config.settings import Config
from broadsheet.corpus.impressions import read_split
from broadsheet.errors import InputError
from broadsheet.evaluation.mind.parts import (
    files_of,
    hash_of,
    impressions,
    last_day,
    read_subset,
    split_by_time,
    write_parts,
)
from broadsheet.evaluation.ranking.benchmark import measure_split
from broadsheet.evaluation.ranking.report import describe_ranking, report_ranking
from broadsheet.evaluation.report.files import Report
from broadsheet.importers.mind import import_mind
from broadsheet.newsroom import Newsroom
from broadsheet.offline.replay import SEEDS
from broadsheet.offline.workbenches import Labelled, open_bench
from broadsheet.progress import Say
from broadsheet.tables.files import write_json
from broadsheet.training.reranker import train_reranker
from broadsheet.training.towers import train_towers

SPLITS = {"train": "before", "tune": "after", "valid": "valid"}
"""The newsroom's splits, and the parts of MIND that they come from; `tune` is the last day of the training days."""


@dataclass(frozen=True)
class Asked:
    """What is measured, and where the work lies."""

    train: Path
    "A folder of MIND to learn from, such as MINDsmall_train."
    valid: Path
    "A folder of MIND to measure on, such as MINDsmall_dev."
    work: Path
    "A folder for the parts, the newsroom and the models."
    subset: Path | None = None
    "A file of keys; without it all impressions count."
    limit: int | None = None
    "The first impressions of each folder, for a trial."


def reproduce(asked: Asked, say: Say) -> Report:
    """Train and measure what the documents report of MIND; return the report of the ranking.

    The newsroom is WORK/newsroom; its broadsheet.toml, if it was put there before, counts. Raises InputError if the
    work folder is of other inputs, and what imports, trainings and measurements raise.
    """
    inputs = described_inputs(asked)
    _hold(asked.work / "inputs.json", inputs)
    room = Newsroom(asked.work / "newsroom")
    _import(asked, room, say)
    towers, cross_encoders = _train(room, asked.work / "models", say)
    bench = open_bench(room, say)
    split = read_split(room, bench.data.catalogue, "valid")
    findings, _ = measure_split(bench, split, towers, cross_encoders, say, fusion="tune")
    document = describe_ranking(findings, bench.data, bench.models, split)
    return report_ranking({**document, "inputs": inputs})


def described_inputs(asked: Asked) -> dict[str, Any]:
    """Return the hashes of all that decides the result, and the limit.

    The settings are hashed without the clock, which the import of an archive sets.
    """
    settings = asdict(Newsroom(asked.work / "newsroom").config())
    decide = json.dumps([settings[name] for name in ("retrieval", "rerank", "towers", "reranker")], sort_keys=True)
    files = {
        f"{part}/{path.name}": hash_of(path)
        for part, folder in (("train", asked.train), ("valid", asked.valid))
        for path in files_of(folder)
    }
    if asked.subset is not None:
        files["subset"] = hash_of(asked.subset)
    return {"files": files, "settings": sha256(decide.encode()).hexdigest(), "limit": asked.limit}


def _hold(path: Path, inputs: Mapping[str, Any]) -> None:
    """Write the inputs on the first run; raise InputError if an earlier run had others."""
    if not path.is_file():
        write_json(path, inputs)
        return
    earlier = json.loads(path.read_text("utf-8"))
    if earlier != json.loads(json.dumps(inputs)):
        before, now = (
            {**one["files"], "settings": one.get("settings"), "limit": one["limit"]} for one in (earlier, inputs)
        )
        other = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
        raise InputError(
            f"{path.parent}: holds the work on other inputs: {', '.join(other)} changed. "
            "Name a new folder, or remove this one."
        )


def _import(asked: Asked, room: Newsroom, say: Say) -> None:
    parts, subset = asked.work / "parts", read_subset(asked.subset) if asked.subset else None
    learn, measured = (impressions(folder, subset, asked.limit) for folder in (asked.train, asked.valid))
    if not all((parts / name / "behaviors.tsv").is_file() for name in ("before", "after")):
        moment = last_day(impressions(asked.train, subset, asked.limit))
        say(f"split at {moment:%Y-%m-%d}: {split_by_time(asked.train, learn, moment, parts)}")
    if not (parts / "valid" / "behaviors.tsv").is_file():
        write_parts(asked.valid, measured, parts, lambda _: "valid", ("valid",))
    for split, part in SPLITS.items():
        if not room.impressions(split).is_file():
            import_mind(parts / part, room, split)
            say(f"imported {split}")


def _train(room: Newsroom, models: Path, say: Say) -> tuple[list[Labelled], list[Labelled]]:
    """Return the towers and the cross-encoders of all seeds; the newsroom's own are those of the first seed."""
    config = room.config()
    # Frozen are the base model's vectors, not those of the package's towers.
    config = replace(config, retrieval=replace(config.retrieval, towers="untrained"))
    # Adapters read every article of a batch anew in each step, so their batches are small and one pass is enough.
    lora = replace(config, towers=replace(config.towers, batch_size=16, negatives=4, epochs=1))
    frozen = [(seed, models / f"towers-frozen-{seed}" if seed else room.towers) for seed in SEEDS]
    adapted = [(seed, models / f"towers-lora-{seed}") for seed in SEEDS]
    readers = [(seed, models / f"cross-encoder-{seed}" if seed else room.reranker) for seed in SEEDS]
    for mode, folders, settings in (("frozen", frozen, config), ("lora", adapted, lora)):
        for seed, folder in folders:
            _towers(room, folder, mode, seed, settings, say)
    for seed, folder in readers:
        if not folder.is_dir():
            out = None if folder == room.reranker else folder
            say(train_reranker(room, train="train", valid="tune", seed=seed, out=out, say=say))
    towers = [("frozen", folder) for _, folder in frozen] + [("LoRA", folder) for _, folder in adapted]
    return towers, [("LoRA", folder) for _, folder in readers]


def _towers(room: Newsroom, folder: Path, mode: str, seed: int, config: Config, say: Say) -> None:
    if not folder.is_dir():
        out = None if folder == room.towers else folder
        say(train_towers(room, train="train", valid="tune", mode=mode, seed=seed, out=out, config=config, say=say))
