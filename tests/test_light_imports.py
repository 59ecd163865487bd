"""What is loaded with a light module, with `broadsheet --help` and with the tests of metrics: nothing heavy."""

import subprocess
import sys

import pytest

from tests.test_architecture import MODULES, ROOT

HEAVY = {
    *("torch", "transformers", "faiss", "datasets", "pyarrow.dataset", "peft", "accelerate", "matplotlib"),
    *("sklearn", "ray", "lightgbm"),
}


def loaded(code):
    """Names of the modules that a fresh interpreter has loaded after running `code`."""
    report = "import sys; sys.stderr.write('loaded ' + ' '.join(sys.modules))"
    script = f"import sys\ntry:\n    {code}\nexcept SystemExit as end:\n    assert not end.code\nfinally:\n    {report}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stderr.rpartition("loaded ")[2].split())


LIGHT = [
    *("tables", "config", "newsroom", "metrics", "offline.estimators", "pages.page", "experiments", "progress"),
    "live.events",
]


def test_the_light_modules_load_nothing_heavy():
    light = [name for name in MODULES if name.removeprefix("broadsheet.").startswith(tuple(LIGHT))]
    assert len(light) > 30 and not loaded(f"import {', '.join(light)}") & HEAVY


@pytest.mark.parametrize(
    "code",
    ["import broadsheet.cli.app", "sys.argv = ['broadsheet', '--help']; from broadsheet.cli.app import main; main()"],
)
def test_the_command_line_loads_nothing_heavy_before_it_works(code):
    assert not loaded(code) & HEAVY


def test_the_tests_of_metrics_load_nothing_heavy():
    code = "import pytest; pytest.main(['--collect-only', '-q', '-p', 'no:cacheprovider', 'tests/metrics'])"
    assert not loaded(code) & (HEAVY - {"sklearn"})  # the reference that the metrics are held against


def test_the_rule_would_see_a_breach():
    assert "faiss" in loaded("import faiss") & HEAVY
