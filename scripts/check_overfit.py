"""Check that training can learn at all: towers without regularisation must find the clicks they were taught.

Takes some readers of a split, each with a history and a click that no other of them has, trains towers on these clicks
alone, and prints Recall@10 of each reader's own click among all articles of the newsroom.

Example: python scripts/check_overfit.py newsroom --split train --out benchmarks/results
"""

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import make_out, run


def check(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    split: Annotated[str, typer.Option(help="Split whose clicks are learned.")],
    readers: Annotated[int, typer.Option(help="Readers, each with one click.")] = 200,
    epochs: Annotated[int, typer.Option(help="Epochs.")] = 150,
    out: Annotated[Path | None, typer.Option(help="Folder for the JSON.")] = None,
) -> None:
    """Print Recall@10 before and after; exit with 1 if training does not reach what it must."""
    from broadsheet.evaluation.report.document import stamp
    from broadsheet.newsroom import Newsroom
    from broadsheet.offline.workbenches import prepare_vectors
    from broadsheet.tables.files import write_json
    from broadsheet.training.overfit import ENOUGH, choose_clicks, overfit, recipe

    if out:
        make_out(out)
    room = Newsroom(newsroom)
    config = room.config()
    config = replace(config, towers=recipe(epochs), retrieval=replace(config.retrieval, towers="untrained"))
    bench = prepare_vectors(room, say, config)
    items = choose_clicks(bench.data, split)[:readers]
    started = time.perf_counter()
    before, after = overfit(bench.data, bench.models, items)
    among = f"{len(items)} readers' own clicks among {len(bench.data.catalogue)} articles"
    print(f"Recall@10 of {among}: {before:.3f} untrained, {after:.3f} trained for {epochs} epochs")
    if out:
        found = {"untrained": before, "trained": after, "epochs": epochs, "seconds": time.perf_counter() - started}
        data = {"split": split, "readers": len(items), "articles": len(bench.data.catalogue)}
        write_json(out / "overfit.json", {**stamp(), "data": data, "recall@10": found})
    if after <= ENOUGH:
        sys.exit(f"check_overfit: expected more than {ENOUGH}")


if __name__ == "__main__":
    run(check)
