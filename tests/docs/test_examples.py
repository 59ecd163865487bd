"""Every example of the documents runs, or says on its page why it does not: pytest tests/docs -rP lists them."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.docs.desk import make_assets, make_desk
from tests.docs.examples import PAGES, blocks, run_page
from tests.docs.shell import NOT_RUN, page_shell

pytestmark = pytest.mark.usefixtures("few_tokens")

MAKES_ALL = {"own-site"}
"""Tutorials that start in an empty folder and make all that they use."""


@pytest.fixture(scope="module")
def assets(tmp_path_factory):
    return make_assets(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def desk(tmp_path_factory, assets):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BROADSHEET_CACHE", str(assets))
        return make_desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def start(tmp_path, monkeypatch, assets):
    monkeypatch.setenv("BROADSHEET_CACHE", str(assets))
    monkeypatch.delenv("BROADSHEET_NEWSROOM", raising=False)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name, module in list(sys.modules.items()):  # modules that a page wrote, under names that other tests use too
        if str(getattr(module, "__file__", None) or "").startswith(f"{tmp_path}/"):
            del sys.modules[name]


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda page: page.stem)
def test_the_examples_of_a_page_run_in_their_order(page, start, request):
    if page.stem not in MAKES_ALL:
        shutil.copytree(request.getfixturevalue("desk"), start, symlinks=True, dirs_exist_ok=True)
    said = run_page(page)
    sys.stdout.write("\n".join(said) + "\n")
    assert said


def test_a_block_that_is_not_run_says_why():
    reasons = {block.place: block.reason for page in PAGES for block in blocks(page) if block.title.startswith("Not")}
    assert all(len(reason.split()) > 2 for reason in reasons.values()), reasons
    assert len(reasons) < 20, "most examples should run"


def test_a_failing_command_and_one_that_cannot_run_are_errors(start):
    with page_shell() as shell:
        for words, error in (
            (["broadsheet", "build", "nowhere"], "ended with 2"),
            (["torchrun", "x"], NOT_RUN),
            (["curl", "http://localhost:8000/"], "nobody to call"),
        ):
            with pytest.raises(AssertionError, match=error):
                shell.run(words)


def test_a_page_on_the_air_answers_curl_and_a_refusal_is_an_error(start, desk):
    shutil.copytree(desk / "newsroom", "newsroom", symlinks=True)
    with page_shell() as shell:
        shell.run(["broadsheet", "serve", "newsroom"])
        shell.run(["curl", "http://localhost:8000/everybody", ">", "page.html"])
        assert "<html" in Path("page.html").read_text("utf-8")
        with pytest.raises(AssertionError, match="answered 401"):
            shell.run(["curl", "http://localhost:8000/v1/articles/latest"])
