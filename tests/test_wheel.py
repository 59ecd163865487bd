import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
FOLDERS = PROJECT["tool"]["setuptools"]["package-dir"]

USE = """
import sys
from datetime import UTC, datetime
from broadsheet.config import settings as config
from broadsheet import errors, progress
from broadsheet.metrics import ranking as metrics
from broadsheet.newsroom import Newsroom
from broadsheet.tables import schemas, arrow_files as tables
from broadsheet.pages.page import PAGE_STORIES, Page
html = Page("U1", "new", "", "E", datetime(2017, 1, 3, tzinfo=UTC), PAGE_STORIES.empty_table(), {}).to_html()
assert "There are no stories" in html
here = [module.__file__ for name, module in sys.modules.items() if name.split(".")[0] == "broadsheet"]
assert len(here) >= 8 and all(file.startswith(sys.argv[1]) for file in here), here
"""


def source_files():
    """Every module and data file of the source tree, by its place in an installed package."""
    files = set()
    for package, folder in FOLDERS.items():
        for path in (ROOT / folder).rglob("*"):
            ignored = "__pycache__" in path.parts or path.name.startswith(".") or path.suffix == ".pyc"
            if path.is_file() and not ignored and ".egg-info" not in str(path):
                files.add(f"{package.replace('.', '/')}/{path.relative_to(ROOT / folder).as_posix()}")
    return files


def pip(*arguments):
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run([sys.executable, "-m", "pip", *arguments, *quiet], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of a copy of the project, so that neither an old build folder nor this one is part of it."""
    copy, out = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for folder in FOLDERS.values():
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / folder, copy / folder, ignore=ignored, dirs_exist_ok=True)
    pip("wheel", str(copy), "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(out))
    return next(out.glob("broadsheet-*.whl"))


def test_the_wheel_holds_every_module_and_data_file_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    found = source_files()
    assert {"broadsheet/pages/page.html", "broadsheet/py.typed", "broadsheet/retrieval/__init__.py"} <= found
    assert sorted(found - names) == [], "missing from the wheel: add a package or package-data in pyproject.toml"
    assert sorted(names - found) == [], "in the wheel, yet not in the source tree"


def test_the_wheel_carries_the_licence_and_the_command(wheel):
    with zipfile.ZipFile(wheel) as archive:
        info = {Path(name).name: name for name in archive.namelist() if ".dist-info/" in name}
        assert "Apache License" in archive.read(info["LICENSE"]).decode()
        assert "broadsheet = broadsheet.cli.app:main" in archive.read(info["entry_points.txt"]).decode()


def test_the_installed_wheel_works_away_from_the_source_tree(wheel, tmp_path):
    target = tmp_path / "installed"
    pip("install", str(wheel), "--no-deps", "--no-index", "--target", str(target))
    assert {path.name for path in target.iterdir()} - {"bin"} == {
        "broadsheet",
        f"{wheel.name.split('-py3')[0]}.dist-info",
    }
    command = [sys.executable, "-P", "-c", USE, str(target)]
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(target)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
