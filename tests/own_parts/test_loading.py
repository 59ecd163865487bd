import sys

import pytest

from broadsheet.errors import ConfigError
from broadsheet.own_parts.loading import load_part


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site's own package, which can be imported while the test runs."""
    package = tmp_path / "my_site"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "parts.py").write_text(
        "NUMBER = 3\n\ndef near(reader, articles, as_of):\n    return [0.0] * len(articles)\n"
    )
    (package / "broken.py").write_text("import there_is_no_such_module\n")
    (package / "wrong.py").write_text("def near(:\n")
    (package / "leaves.py").write_text("import sys\nsys.exit(3)\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield package
    for name in [name for name in sys.modules if name.split(".")[0] == "my_site"]:
        del sys.modules[name]


def test_a_function_is_found_by_its_module_and_name(site):
    assert load_part("my_site.parts:near", "own.signals.near.call")(None, [1, 2], None) == [0.0, 0.0]


@pytest.mark.parametrize("name", ["", "near", "my_site.parts", "my_site.parts:", ":near", "my_site/parts.py:near",
                                  "my_site.parts:near()", "a.b:c:d", "os; print:x", "..parts:near"])  # fmt: skip
def test_a_name_of_another_form_is_refused_with_the_setting(name):
    with pytest.raises(ConfigError, match=r"own\.writer: found .*, expected \"package\.module:function\""):
        load_part(name, "own.writer")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("my_site.parst:near", "my_site.parst cannot be imported .ModuleNotFoundError: .*PYTHONPATH"),
        ("my_site.broken:near", "my_site.broken cannot be imported .ModuleNotFoundError: .*there_is_no_such_module"),
        ("my_site.wrong:near", "my_site.wrong cannot be imported .SyntaxError: "),
        ("my_site.parts:far", "far is not there in .*parts.py"),
        ("my_site.leaves:near", "my_site.leaves cannot be imported .SystemExit: 3"),
        ("sys:far", "far is not there in sys[.]"),
        ("my_site.parts:NUMBER", "NUMBER is not a function in .*parts.py"),
    ],
)
def test_what_cannot_be_found_is_an_error_that_names_the_setting_and_the_reason(site, name, message):
    with pytest.raises(ConfigError, match=f"own.reranker: found .{name}., but {message}"):
        load_part(name, "own.reranker")
