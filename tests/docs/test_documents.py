"""The documents say what the code says."""

import re
from functools import reduce
from pathlib import Path

import pytest
from typer.testing import CliRunner

from broadsheet.cli.app import app
from broadsheet.cli.reference import PAGES as PAGES_OF_THE_CODE
from broadsheet.config.settings import Config
from tests.test_architecture import LAYERS, STAGES

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "benchmarks").glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]


@pytest.mark.parametrize("name", PAGES_OF_THE_CODE)
def test_a_reference_page_is_what_the_code_gives(name):
    written = (ROOT / "docs" / "reference" / name).read_text("utf-8")
    assert written == PAGES_OF_THE_CODE[name](), "run: python scripts/write_reference.py"


def test_every_file_of_the_code_that_a_document_names_exists():
    named = r"`((?:src|retrieval|index_build|rerank|generate|scripts|tests|benchmarks|docs|examples)/[\w./-]+)`"
    found = {(page.name, name) for page in PAGES for name in re.findall(named, page.read_text("utf-8"))}
    assert sorted(f"{page}: {name}" for page, name in found if not (ROOT / name).exists()) == []


def test_every_folder_of_a_stage_that_a_shell_script_names_exists():
    named = r"\b(?:retrieval|index_build|rerank|generate)/[\w./]*\w"
    found = {
        name for script in (ROOT / "scripts").glob("*.sh") for name in re.findall(named, script.read_text("utf-8"))
    }
    assert found and sorted(name for name in found if not (ROOT / name.removesuffix("/card.json")).exists()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_python_block_of_a_document_compiles(page):
    for block in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.S):
        compile(block, str(page), "exec")


def test_every_command_that_a_document_names_exists():
    known = set(re.findall(r"^│ (\w+)", CliRunner().invoke(app, ["--help"]).output, re.M))
    command = r"^\$? ?(?:\.venv/bin/)?broadsheet (\w+)"
    named = {(page.name, name) for page in PAGES for name in re.findall(command, page.read_text("utf-8"), re.M)}
    assert named and sorted(f"{page}: {name}" for page, name in named if name not in known) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_file_that_a_document_links_to_exists(page):
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_defaults_of_the_page_on_shaping_are_those_of_the_settings():
    page = (ROOT / "docs" / "how-to" / "shape-a-page.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` in `\[([\w.]+)\]` \|.*\| ([^|]+) \|$", page, re.M)
    assert len(rows) > 7
    for name, section, default in rows:
        assert float(default) == getattr(reduce(getattr, section.split("."), Config()), name), name


def test_the_weights_of_the_page_on_headlines_are_those_of_the_settings():
    page = (ROOT / "docs" / "explanation" / "generation.md").read_text("utf-8")
    table = page.partition("| quality, 0 to 1 |")[2].partition("\n\n")[0]
    named = {name: float(weight) for name, weight in re.findall(r"^\| `(\w+)` \|.*\| ([\d.]+) \|$", table, re.M)}
    assert named == vars(Config().generate.choice)


def test_the_bounds_of_the_page_on_nights_are_those_of_the_settings():
    page = (ROOT / "docs" / "how-to" / "every-night.md").read_text("utf-8")
    rows = re.findall(r"^\| \w+ \| `(?:\[gate\] )?(\w+)` \| ([\d.]+) \|", page, re.M)
    assert len(rows) > 4
    for name, default in rows:
        assert float(default) == getattr(Config().gate, name), name


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 160


def test_the_page_for_contributors_names_every_folder_of_the_package_from_the_lowest_layer_up():
    table = (
        (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("| folder | what it holds |")[2].partition("\n\n")[0]
    )
    named = [name.split("/")[-1] for name in re.findall(r"`([\w/.]+)`", table) if "toml" not in name]
    folders = {path.parent.name for path in (ROOT / "src" / "broadsheet").glob("*/__init__.py")}
    assert set(named) - set(STAGES) == folders
    layers = {name: number for number, layer in enumerate(LAYERS) for name in layer}
    assert [layers[name] for name in named] == sorted(layers[name] for name in named)
