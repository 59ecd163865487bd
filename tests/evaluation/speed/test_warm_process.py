import ast
import sys
from pathlib import Path

from broadsheet.evaluation.speed.warm_process import WarmProcess, start_first

ROWS = Path(__file__).parents[3] / "benchmarks" / "rows"
ROW = f"""
import sys

sys.path.insert(0, {str(ROWS)!r})
from warm_process import serve


def prepare():
    if sys.argv[1] == "broken":
        raise ImportError("no such library")
    print("what a library prints does not disturb the answers")
    return lambda task: {{"sum": len(task["word"]) + len(sys.argv[1])}}


serve(prepare)
"""


def test_a_row_stays_warm_and_answers_each_task(tmp_path):
    (tmp_path / "row.py").write_text(ROW)
    process = WarmProcess(sys.executable, tmp_path / "row.py", "abc")
    assert set(process.start) == {"versions"}
    assert [process.ask(word=word) for word in ("", "de")] == [{"sum": 3}, {"sum": 5}]
    process.stop()


def test_a_row_that_gets_ready_in_no_interpreter_says_why(tmp_path):
    (tmp_path / "row.py").write_text(ROW)
    assert start_first([sys.executable] * 2, tmp_path / "row.py", "broken") == "ImportError: no such library"


def test_programs_of_rows_import_broadsheet_only_inside_functions():
    for path in ROWS.glob("*.py"):
        outside = [node for node in ast.parse(path.read_text("utf-8")).body if "broadsheet" in ast.unparse(node)]
        assert not [node for node in outside if isinstance(node, ast.Import | ast.ImportFrom)], path
