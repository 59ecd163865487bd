"""What holds for every file of the project, whatever the language."""

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

from broadsheet.evaluation.mind.parts import KEY
from broadsheet.version import __version__
from tests.test_architecture import STAGES, imports

ROOT = Path(__file__).parents[1]

# Python files of more than 250 lines, and why they are not split.
LONG_FILES = {
    "tests/models/test_assets.py": "A wheel and a GGUF file made by hand, for every test of an asset.",
    "tests/nightly/ray/test_worker.py": "Every task of a worker, on the workbench that all of its tests share.",
}


def project_files():
    """The files under version control, or about to be."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        found = subprocess.run(listing, capture_output=True, text=True, check=True, cwd=ROOT).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [name for name in found if (ROOT / name).is_file()]


def test_nothing_imports_a_stage_by_its_folders_name():
    # Few files have such a line, and to parse all of them takes seconds.
    line = re.compile(rf"^\s*(?:import|from)\b.*(?<![\w.])(?:{'|'.join([*STAGES, 'src'])})\b", re.MULTILINE)
    assert line.search("import retrieval.x") and not line.search("from broadsheet.retrieval import x")
    for file in [name for name in project_files() if name.endswith(".py")]:
        if line.search(text := (ROOT / file).read_text("utf-8")):
            bare = {name.split(".")[0] for name in imports(ast.parse(text))} & {*STAGES, "src"}
            assert not bare, f"{file} imports {bare}: a second copy of the module"


def test_long_files_are_named_with_a_reason():
    python = [name for name in project_files() if name.endswith(".py")]
    found = {name for name in python if len((ROOT / name).read_text("utf-8").splitlines()) > 250}
    assert found == set(LONG_FILES) and all(LONG_FILES.values())


# Written so that this file does not hold what it looks for.
MACHINE_PATH = re.compile(rb"(?<![\w.:/}*])/(?:Users|root|work|opt|mnt)/[\w.]")
REGISTRY = re.compile(
    rb"(?:py[p]i|python[h]osted|download\.py[t]orch|conda\.ana[c]onda)\.(?:org|com)|artifac[t]ory", re.IGNORECASE
)


def test_no_file_names_a_registry_or_a_place_on_one_machine():
    named = []
    for name in project_files():
        content = (ROOT / name).read_bytes()
        if b"\0" not in content:
            named += [
                f"{name}: {match[0].decode()}"
                for match in [*MACHINE_PATH.finditer(content), *REGISTRY.finditer(content)]
            ]
    assert not named


def test_the_citation_names_the_version_of_the_package():
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE)
    assert cited and cited[1] == __version__


def test_the_card_of_the_subset_has_the_numbers_of_its_file_of_keys():
    card, described = (ROOT / "benchmarks" / f"mind-subset.{ending}" for ending in ("md", "json"))
    text, names = card.read_text("utf-8"), json.loads(described.read_text("utf-8"))
    for part in ("train", "valid"):
        keys, rows = names["impressions"][part], names["files"][f"{part}/behaviors.tsv"]["rows"]
        assert len(keys) == rows and re.search(rf"\| `{part}` \|.* \| {rows:,} \|", text)
        assert all(re.fullmatch(rf"[0-9a-f]{{{KEY}}}", key) for key in keys)
    assert f"with {names['articles']['count']:,} articles" in text
    assert f"for {names['articles']['made_up_ids']:,} articles" in text


def test_the_rules_would_see_a_breach():
    assert MACHINE_PATH.search(b"cd /" + b"root/me") and not MACHINE_PATH.search(b"https://a.example/" + b"root/me")
    assert REGISTRY.search(b"https://py" + b"pi.org/simple")
