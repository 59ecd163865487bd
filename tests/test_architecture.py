import ast
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
FOLDERS = PROJECT["tool"]["setuptools"]["package-dir"] | {"broadsheet.corpus": "src/broadsheet/corpus"}

# Lowest first: a part imports from its own layer and those below; but no stage imports another.
LAYERS = [
    {"errors", "version"},
    {"schemas", "tables", "manifest", "characters"},
    {"config", "newsroom", "models", "assets", "metrics", "intervals", "progress", "catalogue", "click_log"}
    | {"batching", "bert_forward", "streams", "checkpoints", "metrics_retrieval", "journal", "parts", "mapped_vectors"}
    | {
        "config_endpoint",
        "config_generate",
        "config_nightly",
        "config_policy",
        "config_rerank",
        "config_reranker",
        "config_towers",
        "config_writer",
        "mutes",
        "profiles",
        "watched",
        "submission",
        "exposures",
        "events",
    }
    | {"metrics_ebnerd", "metrics_labels", "metrics_diversity", "metrics_radio", "trainer_arguments"},
    {"corpus", "retrieval", "index_build", "rerank", "generate"},
    {
        "page",
        "page_text",
        "page_rows",
        "telling",
        "answering",
        "audience",
        "workbench",
        "steps",
        "verify",
        "build",
        "pipeline",
        "present",
        "request_stages",
        "run_steps",
        "show",
    }
    | {"training_reranker", "training_towers", "training_data", "training_folder", "training_items", "training_measure"}
    | {"training_sources", "training_clicks", "training_fusion", "user_sample"}
    | {"training_writer", "training_texts"}
    | {"source_tuning", "live", "late", "muting", "following"}
    | {"digest_step", "digests", "done", "page_digest"}
    | {"engines", "engine_ray", "ray_cluster", "ray_worker"}
    | {"build_report", "editions", "expiry", "gate", "index_step", "metrics_file", "operate", "recall", "status"}
    | {"evaluation", "evaluation_bench", "evaluation_ranking", "evaluation_report", "plots"}
    | {"evaluation_setting", "evaluation_lists", "evaluation_measure", "evaluation_retrieval"}
    | {"evaluation_retrieval_report", "evaluation_policy", "evaluation_policy_report", "evaluation_fusion"}
    | {"evaluation_beyond", "evaluation_calibration", "evaluation_predictions"}
    | {"evaluation_ranking_findings", "evaluation_ranking_report", "evaluation_cross_encoders", "evaluation_signals"}
    | {"evaluation_reasons", "evaluation_reasons_report", "evaluation_cold_start", "evaluation_cold_start_report"}
    | {"evaluation_facts", "evaluation_facts_report", "evaluation_plants", "evaluation_plants_names"}
    | {"evaluation_plant_words", "evaluation_rewordings"}
    | {"evaluation_generation", "evaluation_generation_measure", "evaluation_generation_metrics"}
    | {"evaluation_generation_plain", "evaluation_generation_report", "evaluation_generation_rows"}
    | {"evaluation_generation_samples", "evaluation_generation_speed"},
    {"cli", "cli_live", "cli_operate", "cli_train"},
]
STAGES = LAYERS[3]

HEAVY = {
    "torch",
    "transformers",
    "faiss",
    "datasets",
    "pyarrow.dataset",
    "peft",
    "accelerate",
    "matplotlib",
    "sklearn",
    "ray",
    "lightgbm",
}

# Python files of more than 250 lines, and why they are not split.
LONG_FILES = {
    "src/broadsheet/newsroom.py": "All file names of a newsroom in one place, a property each with its docstring.",
    "tests/test_assets.py": "A wheel and a GGUF file made by hand, which every test of the life of an asset takes.",
}

FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def module_files():
    """Every module of the package by its installed name."""
    files = {}
    for package, folder in FOLDERS.items():
        for path in sorted((ROOT / folder).glob("*.py")):
            files[package if path.stem == "__init__" else f"{package}.{path.stem}"] = path
    return files


MODULES = module_files()
TREES = {name: ast.parse(path.read_text("utf-8"), str(path)) for name, path in MODULES.items()}


def imports(tree):
    """Every module named by an import statement anywhere in a module, functions included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            named = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else node.module for name in named)


def part(module):
    """`broadsheet.rerank.signals` belongs to the part `rerank`; the package itself to none."""
    return module.split(".")[1] if "." in module else ""


def layer(name):
    return next((number for number, parts in enumerate(LAYERS) if name in parts), len(LAYERS))


@pytest.mark.parametrize("name", MODULES)
def test_every_module_has_its_place_in_a_layer(name):
    assert not part(name) or any(part(name) in parts for parts in LAYERS), f"put {part(name)} into LAYERS"


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_one_way(name):
    for imported in imports(TREES[name]):
        if not imported.startswith("broadsheet.") or not part(name) or part(imported) == part(name):
            continue
        assert layer(part(imported)) <= layer(part(name)), f"{name} imports {imported}, which lies above it"
        assert not (part(name) in STAGES and part(imported) in STAGES), f"{name} imports another stage, {imported}"


def test_no_module_imports_itself_in_a_circle():
    TopologicalSorter({name: set(imports(tree)) - {name} for name, tree in TREES.items()}).prepare()


@pytest.mark.parametrize("name", MODULES)
def test_nothing_is_unpickled_or_executed(name):
    assert not {imported.split(".")[0] for imported in imports(TREES[name])} & FORBIDDEN_MODULES
    for node in ast.walk(TREES[name]):
        if not isinstance(node, ast.Call):
            continue
        call = ast.unparse(node.func)
        assert call not in FORBIDDEN_CALLS, f"{name}, line {node.lineno}: {call}"
        assert call not in ("torch.load", "torch.save"), f"{name}, line {node.lineno}: {call}; use safetensors"
        pickles = [
            keyword for keyword in node.keywords if keyword.arg in ("allow_pickle", "trust_remote_code", "shell")
        ]
        assert not any(ast.unparse(keyword.value) != "False" for keyword in pickles), f"{name}, line {node.lineno}"


def test_every_folder_of_modules_is_a_package_of_the_project():
    packages = PROJECT["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("src/**/*.py")}
    folders |= {path.parent.relative_to(ROOT).as_posix() for stage in STAGES for path in (ROOT / stage).rglob("*.py")}
    assert folders == {FOLDERS[package] for package in packages}
    assert set(PROJECT["tool"]["setuptools"]["package-dir"]) | {"broadsheet.corpus"} == set(packages)
    assert all((ROOT / folder / "__init__.py").is_file() for folder in folders)


def loaded(code):
    """Names of the modules that a fresh interpreter has loaded after running `code`."""
    report = "import sys; sys.stderr.write('loaded ' + ' '.join(sys.modules))"
    script = f"import sys\ntry:\n    {code}\nexcept SystemExit as end:\n    assert not end.code\nfinally:\n    {report}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stderr.rpartition("loaded ")[2].split())


@pytest.mark.parametrize(
    "module", ["config", "newsroom", "tables", "schemas", "page", "metrics", "intervals", "progress"]
)
def test_a_light_module_loads_nothing_heavy(module):
    assert not loaded(f"import broadsheet.{module}") & HEAVY


@pytest.mark.parametrize(
    "code", ["import broadsheet.cli", "sys.argv = ['broadsheet', '--help']; from broadsheet.cli import main; main()"]
)
def test_the_command_line_loads_nothing_heavy_before_it_works(code):
    if "broadsheet.cli" not in MODULES:
        pytest.skip("there is no command line yet")
    assert not loaded(code) & HEAVY


def project_files():
    """The files under version control, or about to be."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        found = subprocess.run(listing, capture_output=True, text=True, check=True, cwd=ROOT).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [name for name in found if (ROOT / name).is_file()]


def test_nothing_imports_a_stage_by_its_folders_name():
    for file in [name for name in project_files() if name.endswith(".py")]:
        bare = {name.split(".")[0] for name in imports(ast.parse((ROOT / file).read_text("utf-8")))} & {*STAGES, "src"}
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


def test_the_rules_would_see_a_breach():
    tree = ast.parse(
        "def f():\n    from broadsheet import cli\n    from broadsheet.tables import read_table\n    import retrieval.x"
    )
    found = set(imports(tree))
    assert {"broadsheet.tables", "retrieval.x"} <= found and found & {"broadsheet.cli", "broadsheet"}
    assert MACHINE_PATH.search(b"cd /" + b"root/me") and not MACHINE_PATH.search(b"https://a.example/" + b"root/me")
    assert REGISTRY.search(b"https://py" + b"pi.org/simple")
    assert "torch" in loaded("import torch") & HEAVY
