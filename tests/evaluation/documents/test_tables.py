"""The tables of the documents, of results made by hand."""

import json

from broadsheet.evaluation.documents.results import Results
from broadsheet.evaluation.documents.tables import files, rankers


def test_the_table_of_files_has_day_commit_and_command_of_each(tmp_path):
    made = {"date": "2026-11-29T06:16:19+00:00", "commit": "451953687ecf + changes", "command": "python b.py room"}
    (tmp_path / "night.json").write_text(json.dumps(made), "utf-8")
    line = "| [night](results/night.json) | 2026-11-29 | 4519536 and changes | `python b.py room` |"
    assert files(Results(tmp_path)).splitlines()[2:] == [line]


def test_the_table_of_rankings_leaves_single_signals_out(tmp_path):
    row = {metric: {"mean": 0.5, "low": 0.25, "high": 0.75} for metric in ("auc", "ndcg@10")}
    rows = {name: row for name in ("pipeline", "signal popularity", "learned fusion", "learned fusion without trend")}
    (tmp_path / "rankers-valid.json").write_text(json.dumps({"rows": rows}), "utf-8")
    shown = [line.split(" | ") for line in rankers(Results(tmp_path)).splitlines()[2:]]
    assert [cells[0] for cells in shown] == ["| pipeline", "| learned fusion"]
    assert shown[0][1:] == ["0.5000 [0.2500, 0.7500]", "0.5000 [0.2500, 0.7500] |"]
