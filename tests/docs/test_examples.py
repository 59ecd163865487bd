"""Every example of the documents runs, or says on its page why it does not: pytest tests/docs -rP lists them."""

import shutil
import sys

import pytest

from tests.docs.desk import make_assets, make_desk
from tests.docs.examples import NOT_RUN, PAGES, ROOT, Block, blocks, run_command, run_page

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
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


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
    assert len(reasons) < 40, "most examples should run; those of a server, of Docker and such cannot"


def test_a_failing_command_and_one_that_cannot_run_are_errors(start):
    block = Block(ROOT / "README.md", 1, "bash", "", "")
    with pytest.raises(AssertionError, match="ended with 2"):
        run_command(["broadsheet", "build", "nowhere"], block)
    with pytest.raises(AssertionError, match=NOT_RUN):
        run_command(["torchrun", "x"], block)
