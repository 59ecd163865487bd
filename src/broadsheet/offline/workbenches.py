"""The workbenches that benchmarks measure: the newsroom's own, and those of other towers than its own.

Towers that share a news tower, such as those trained on frozen article vectors and the untrained ones, share a folder
of vectors. It lies among the editions, is never an edition (it has no manifest), and is used again next time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from broadsheet.config.settings import Config
from broadsheet.errors import InputError
from broadsheet.models.loading import folder_fingerprint
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.newsroom.up_to_date import present_edition
from broadsheet.nightly.earlier import Earlier
from broadsheet.nightly.edition_start import full_disk_named, start_edition
from broadsheet.nightly.run_stages import run_stages
from broadsheet.nightly.stages import encode
from broadsheet.offline.lazy_index import searched_lazily
from broadsheet.progress import Say, silent
from broadsheet.tables.files import link_or_copy, replacing
from broadsheet.workbench.models import EditionModels
from broadsheet.workbench.workbench import Workbench, open_workbench


def prepare_vectors(newsroom: Newsroom, say: Say = silent, config: Config | None = None) -> Workbench:
    """Return a workbench with the corpus's vectors: enough to train and to measure, without publishing.

    The next build takes the vectors over. An index is built when something is first searched, and not kept. `config`
    stands in for that of the newsroom.
    """
    newsroom.require()
    config = newsroom.config() if config is None else config
    with newsroom.lock(), full_disk_named(newsroom):
        edition = start_edition(newsroom)
        bench = open_workbench(EditionModels(newsroom, config), edition, looks_back=True)
        run_stages(bench, edition, ("encode",), say)
        bench = searched_lazily(bench, say)
        _ = bench.retriever  # opens what it needs while no other build can move the folder
    return bench


Labelled = tuple[str, Path]
"""A label and the folder of a trained model; those of one label are seeds of one row."""

OWN = "trained"
"""The label of the newsroom's own towers."""


def open_bench(newsroom: Newsroom, say: Say = silent, *, towers: str | None = None) -> Workbench:
    """Return a workbench over the current edition if it is of this corpus, encoder and index settings, or new vectors.

    `towers` replaces the setting retrieval.towers, such as "untrained" or a folder; None keeps the newsroom's own.
    Nothing is published. Raises NewsroomError if there are no articles or another build is at work, and what opening
    the towers raises.
    """
    newsroom.require()
    config = newsroom.config()
    if towers is not None:
        config = replace(config, retrieval=replace(config.retrieval, towers=towers))
    edition = present_edition(newsroom)
    if edition is not None:
        bench = open_workbench(EditionModels(newsroom, config), edition, looks_back=True)
        built = edition.read_manifest()
        same_index = built["config"]["index"] == vars(config.index)
        if same_index and built["models"]["news_tower"] == bench.models.news_tower.fingerprint:
            say(f"vectors and index of edition {edition.name}")
            return bench
    return prepare_vectors(newsroom, say) if towers is None else _prepare(newsroom, config, say)


def read_folders(option: str, options: Sequence[str]) -> list[Labelled]:
    """Read LABEL=FOLDER of each use of an option; raises InputError naming all not of this form, or no folder."""
    parts = [option.partition("=") for option in options]
    wrong = ["".join(part) for part in parts if not part[0] or not part[2] or not Path(part[2]).is_dir()]
    if wrong:
        raise InputError(f"{option} {', '.join(wrong)}: expected LABEL=FOLDER, with the folder of a trained model.")
    return [(label, Path(folder)) for label, _, folder in parts]


def open_trained(newsroom: Newsroom, towers: Sequence[Labelled], say: Say = silent) -> Iterator[tuple[str, Workbench]]:
    """Open the trained towers one after another, so as to hold one at a time; the newsroom's own if none are named."""
    if not towers:
        yield OWN, open_bench(newsroom, say)
    for label, folder in towers:
        yield label, open_bench(newsroom, say, towers=str(folder.resolve()))


def describe_towers(label: str, models: EditionModels) -> dict[str, Any]:
    """Return what a report says of trained towers: label, folder and its fingerprint, news tower, source weights."""
    folder = models.towers
    return {
        "label": label,
        "folder": folder.name if folder else "",
        "fingerprint": folder_fingerprint(folder) if folder else "",
        "news_tower": models.news_tower.fingerprint,
        "sources": models.source_weights,
    }


def _prepare(newsroom: Newsroom, config: Config, say: Say) -> Workbench:
    """Return a workbench with the corpus's vectors by the towers that `config` names."""
    models = EditionModels(newsroom, config)
    edition = Edition(newsroom.editions_folder / f"measured-{models.news_tower.fingerprint}")
    with newsroom.lock():
        edition.path.mkdir(parents=True, exist_ok=True)
        _take(newsroom.news, edition.news)
        _take(newsroom.clicks, edition.clicks)
        bench = open_workbench(models, edition, looks_back=True)
        known = [edition, newsroom.building, *newsroom.editions()[-1:]]
        vectors = tuple(one.news_vectors for one in known if one.news_vectors.is_file())
        say(f"towers {config.retrieval.towers}: {encode(bench, edition, Earlier(news_vectors=vectors)).line}")
        return searched_lazily(bench, say)  # which opens the files while nobody else can replace them


def _take(source: Path, target: Path) -> None:
    """Link the corpus file into the folder atomically; if the corpus has none, remove the folder's."""
    if not source.is_file():
        target.unlink(missing_ok=True)
        return
    with replacing(target) as part:
        link_or_copy(source, part)
