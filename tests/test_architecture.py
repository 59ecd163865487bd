import ast
import tomllib
from collections import Counter
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PLACES = PROJECT["tool"]["setuptools"]["package-dir"]

# Lowest first. A folder (or a module beside the folders, such as `errors`) imports only from the lines above its own:
# never from a line below, nor from another name of its own line.
LAYERS = [
    ("errors", "version", "progress", "text", "html", "markdown", "garbage", "watching"),
    ("tables",),
    ("config",),
    ("newsroom", "models", "metrics"),
    ("corpus",),
    ("readers",),
    ("own_parts", "orders"),
    ("importers",),
    ("retrieval", "index_build", "rerank", "generate"),
    ("workbench",),
    ("pages",),
    ("live",),
    ("experiments",),
    ("nightly",),
    ("pipeline",),
    ("operations",),
    ("offline",),
    ("service",),
    ("letters",),
    ("training",),
    ("evaluation",),
    ("cli",),
    ("__main__",),
]
STAGES = LAYERS[8]

# The same inside a folder that has sub-folders; "" are the modules that lie beside them.
SUB_LAYERS = {
    "importers": [("files", "clicks"), ("",), ("ebnerd",)],
    "generate": [("text",), ("gate", "writers"), ("extracts",), ("stories",), ("",)],
    "rerank": [("attentive_scorer", "cross_encoder", "exploration", "policy", "reasons"), ("",)],
    "retrieval": [("towers",), ("sources", "training"), ("",)],
    "live": [("events",), ("",)],
    "experiments": [("statistics",), ("",)],
    "nightly": [("forgetting",), ("",), ("ray",)],
    "offline": [("estimators",), ("",)],
    "service": [("serving",), ("monitoring",), ("security",), ("api", "web", "desk", "ops"), ("",)],
    "training": [("",), ("learning_on",)],
    "evaluation": [
        ("",),
        ("report",),
        ("retrieval", "facts", "generation", "speed", "index", "systems"),
        ("ranking",),
        (
            *("pages", "documents", "experiments", "mind", "live_ranking", "learning_curve", "learning_on"),
            *("off_policy", "service", "simulation"),
        ),
    ],
}
MOST_MODULES = 15
"""Of a folder: with more it is two folders."""

FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def module_files():
    """Every module of the package by its installed name."""
    files = {}
    for package, folder in PLACES.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            inside = path.relative_to(ROOT / folder).with_suffix("").parts
            files[".".join([package, *inside]).removesuffix(".__init__")] = path
    return files


MODULES = module_files()
PACKAGES = {name for name, path in MODULES.items() if path.name == "__init__.py"}


def imports(tree):
    """Every module named by an import statement anywhere in a module, functions included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            named = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else node.module for name in named)


@cache  # not at the import of this file: every process of `pytest -n` would parse all modules
def tree_of(name):
    return ast.parse(MODULES[name].read_text("utf-8"), str(MODULES[name]))


@cache
def imports_of(name):
    return list(imports(tree_of(name)))


def part(module):
    """`broadsheet.rerank.policy.limits` belongs to the part `rerank`; the package itself to none."""
    return module.split(".")[1] if "." in module else ""


def sub_part(module):
    """`broadsheet.rerank.policy.limits` lies in the sub-folder `policy`, `broadsheet.rerank.weights` in none."""
    names = module.split(".")
    return names[2] if len(names) > 3 or (len(names) == 3 and module in PACKAGES) else ""


def layer(name, layers):
    return next(number for number, names in enumerate(layers) if name in names)


def upward(name, layers, of):
    """The imports of a module that do not point to a lower layer, by what `of` says of a module."""
    for imported in imports_of(name):
        same = of(imported) == of(name)
        if imported.startswith("broadsheet.") and not same and layer(of(imported), layers) >= layer(of(name), layers):
            yield imported


def test_every_folder_and_no_other_has_its_place_in_the_layers():
    assert {part(name) for name in MODULES} - {""} == {name for names in LAYERS for name in names}
    parts = {part(name) for name in MODULES if sub_part(name)}
    assert parts == set(SUB_LAYERS)
    for folder, layers in SUB_LAYERS.items():
        found = {sub_part(name) for name in MODULES if part(name) == folder}
        assert found == {name for names in layers for name in names} | {""}


# One test looks at all modules: a test for each module would be a fifth of all tests, and cost more than it looks at.
def test_imports_point_to_a_lower_folder():
    found = {name: list(upward(name, LAYERS, part)) for name in MODULES if part(name)}
    assert not {name: imported for name, imported in found.items() if imported}


# The first lines of a folder's own module say what can be had from it, whatever lies in its sub-folders.
def test_imports_inside_a_folder_point_to_a_lower_sub_folder():
    inside = [name for name in MODULES if part(name) in SUB_LAYERS and name not in PACKAGES]
    found = {name: set(upward_inside(name, SUB_LAYERS[part(name)])) - PACKAGES for name in inside}
    assert not {name: imported for name, imported in found.items() if imported}


def upward_inside(name, layers):
    inside = {imported for imported in imports_of(name) if part(imported) == part(name) and "." in imported}
    for imported in inside:
        if sub_part(imported) != sub_part(name) and layer(sub_part(imported), layers) >= layer(sub_part(name), layers):
            yield imported


def test_no_module_imports_itself_in_a_circle():
    TopologicalSorter({name: set(imports_of(name)) - {name} for name in MODULES}).prepare()


def test_every_folder_says_in_a_line_what_it_holds():
    for name in PACKAGES:
        first = (ast.get_docstring(tree_of(name)) or "").partition("\n")[0]
        assert len(first) > 25 and first.endswith("."), f"{MODULES[name]} needs a first line"


def test_no_folder_holds_more_modules_than_a_newcomer_can_read_through():
    held = Counter(path.parent for path in MODULES.values() if path.name != "__init__.py")
    assert max(held.values()) <= MOST_MODULES, held.most_common(3)


def test_nothing_is_unpickled_or_executed():
    assert [problem for name in MODULES for problem in unsafe(name)] == []


def unsafe(name):
    """What a module imports or calls that could run code from a file."""
    if found := {imported.split(".")[0] for imported in imports_of(name)} & FORBIDDEN_MODULES:
        yield f"{name} imports {found}"
    for node in ast.walk(tree_of(name)):
        if not isinstance(node, ast.Call):
            continue
        call, line = ast.unparse(node.func), f"{name}, line {node.lineno}"
        if call in FORBIDDEN_CALLS:
            yield f"{line}: {call}"
        if call in ("torch.load", "torch.save"):
            yield f"{line}: {call}; use safetensors"
        flags = [one for one in node.keywords if one.arg in ("allow_pickle", "trust_remote_code", "shell")]
        if any(ast.unparse(flag.value) != "False" for flag in flags):
            yield f"{line}: {call} with {flags[0].arg}"


def test_one_module_alone_imports_by_a_name_that_it_is_given():
    calls = {name: [one.func for one in ast.walk(tree_of(name)) if isinstance(one, ast.Call)] for name in MODULES}
    importing = {name for name, called in calls.items() if any("import_module" in ast.unparse(one) for one in called)}
    assert importing == {"broadsheet.own_parts.loading"}


def test_every_folder_of_modules_is_a_package_of_the_project():
    assert sorted(PROJECT["tool"]["setuptools"]["packages"]) == sorted(PACKAGES)
    folders = {path.parent for path in MODULES.values()}
    assert all((folder / "__init__.py").is_file() for folder in folders)


def test_the_rules_would_see_a_breach():
    lazy = "def f():\n    from broadsheet import cli\n    from broadsheet.tables.arrow_files import read_table\n"
    found = set(imports(ast.parse(lazy + "    import retrieval.x")))
    assert {"broadsheet.tables.arrow_files", "broadsheet.cli", "retrieval.x"} <= found
