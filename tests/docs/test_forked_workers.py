"""The application of the page on forked workers answers in a fork, as under gunicorn with --preload."""

import runpy
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from broadsheet.pipeline import Pipeline
from tests.docs.examples import ROOT, blocks
from tests.models.test_forks import in_a_fork

PAGE = ROOT / "docs" / "how-to" / "forked-workers.md"


@pytest.fixture
def application(built, tmp_path, monkeypatch):
    """The application, loaded in this process, which has opened the newsroom."""
    (tmp_path / "newsroom").symlink_to(built.path)
    monkeypatch.chdir(tmp_path)
    (block,) = [block for block in blocks(PAGE) if block.title == "pages.py"]
    (tmp_path / "pages.py").write_text(block.text, "utf-8")
    return validator(runpy.run_path("pages.py")["application"])


def answer(application, path):
    environ = {"PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": ""}
    setup_testing_defaults(environ)
    said = []
    body = application(environ, lambda status, headers, error=None: said.append(status))
    try:
        return said[0], b"".join(body).decode()
    finally:
        body.close()


@pytest.mark.parametrize("reader", ["fan", ""])
def test_the_application_answers_in_a_fork_as_in_the_process_that_opened_the_newsroom(application, built, reader):
    first = Pipeline.open(built.path).run(reader or "a new reader", 10).stories["headline"].to_pylist()[0]
    here = answer(application, f"/{reader}")
    assert here[0] == "200 OK" and first in here[1]
    status, _, text = in_a_fork(lambda: "\n".join(answer(application, f"/{reader}"))).partition("\n")
    assert status == "200 OK" and first in text
