"""Assets made of tiny models, in a cache folder of a test's own."""

import json
import shutil
from pathlib import Path

import pytest

from broadsheet.models.assets import ASSETS, RECORD


def put_assets(patch: pytest.MonkeyPatch, cache: Path, encoder: Path, *names: str) -> None:
    """Make `cache` the cache of assets, with a tiny encoder under each name."""
    patch.setenv("BROADSHEET_CACHE", str(cache))
    cache.mkdir(exist_ok=True)
    for name in names:
        folder = cache / f"{name}-{ASSETS[name].version}"
        shutil.copytree(encoder, folder)
        sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
        (folder / RECORD).write_text(json.dumps({"sha256": ASSETS[name].sha256, "files": sizes}), "utf-8")
