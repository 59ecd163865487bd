"""Kept columns between two nights, through a night, and on a page."""

import json

from broadsheet.importers.transaction import Import
from broadsheet.nightly.build import build
from broadsheet.pipeline import Pipeline
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.kept import kept_values
from broadsheet.tables.schemas import NEWS
from tests.support.late_articles import everything, row


def on_page(pipeline):
    return {one["news_id"]: kept_values(one["kept"]) for one in everything(pipeline).stories.to_pylist() if one["kept"]}


def test_kept_columns_pass_an_addition_a_correction_and_a_night(room, command, tmp_path):
    with Import(room, keep=["author"]) as add:
        add.news([row("K1", author="Ann")])
    opened = Pipeline.open(room.path)
    report = opened.add([row("X1", author="Bo", mood="calm")], keep=["author"])
    assert report.left_out == {"news": ["mood"]}
    assert on_page(opened) == {"X1": {"author": "Bo"}}, "K1 is in the corpus and waits for the build"
    opened.add([row("X1", author="Bo Li", mood="calm"), row("X2", author="Cy")])
    assert on_page(opened) == {"X1": {"author": "Bo Li"}, "X2": {"author": "Cy"}}, "what is kept already is kept"
    (tmp_path / "late.jsonl").write_text(json.dumps(row("X3", author="Di", mood="wild"), default=str))
    code, out, _ = command("add", room.path, tmp_path / "late.jsonl")
    assert code == 0 and "columns of news that were not taken: mood" in out
    build(room)
    assert {
        one["news_id"]: kept_values(one["kept"]) for one in read_table(room.news, NEWS).to_pylist() if one["kept"]
    } == {
        "K1": {"author": "Ann"},
        "X1": {"author": "Bo Li"},
        "X2": {"author": "Cy"},
        "X3": {"author": "Di"},
    }
    assert on_page(Pipeline.open(room.path))["X3"] == {"author": "Di"} and len(on_page(Pipeline.open(room.path))) == 4
