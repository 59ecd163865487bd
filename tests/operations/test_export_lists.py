"""Rankings and clicks as files of TREC and ranx: read back by pytrec_eval, and held against our own metrics."""

import json
import math
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
import pytrec_eval
from pyarrow import parquet

from broadsheet.errors import CorpusError, InputError, NewsroomError
from broadsheet.importers.transaction import Import
from broadsheet.metrics.ranking import Impressions, ndcg
from broadsheet.nightly.build import build
from broadsheet.operations.export_lists import export_impressions, export_later_clicks, export_run
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import RANKED
from tests.support.tiny import make_impressions


def ranking(room, user_id):
    table = read_table(room.current().ranked, RANKED)
    rows = table.filter(pa.compute.equal(table.column("user_id"), user_id))
    return dict(zip(rows.column("news_id").to_pylist(), rows.column("score").to_pylist(), strict=True))


def clock(room):
    return datetime.fromisoformat(room.current().read_manifest()["as_of"])


def event(room, user_id, news_id, hours=1.0, kind="click"):
    return {"user_id": user_id, "news_id": news_id, "time": clock(room) + timedelta(hours=hours), "event": kind}


def of_trec(run, qrels):
    """The metrics of each topic, as trec_eval has them."""
    with run.open() as ranked, qrels.open() as judged:
        evaluator = pytrec_eval.RelevanceEvaluator(pytrec_eval.parse_qrel(judged), {"ndcg_cut_10"})
        return evaluator.evaluate(pytrec_eval.parse_run(ranked))


def test_ndcg_of_the_exported_files_is_that_of_our_own_metric(room, tmp_path):
    fan = list(ranking(room, "fan"))
    with Import(room) as add:
        add.clicks([event(room, "fan", fan[place]) for place in (0, 2, 6)])
    export_run(room, tmp_path / "run.trec")
    export_later_clicks(room, tmp_path / "clicks.qrels")
    (found,) = [scores["ndcg_cut_10"] for scores in of_trec(tmp_path / "run.trec", tmp_path / "clicks.qrels").values()]
    scores = np.array(list(ranking(room, "fan").values()))
    clicked = np.isin(np.arange(len(fan)), (0, 2, 6))
    (ours,) = ndcg(Impressions(scores, clicked, np.array([0, len(fan)])), 10)
    by_hand = (1 / math.log2(2) + 1 / math.log2(4) + 1 / math.log2(8)) / (1 + 1 / math.log2(3) + 1 / math.log2(4))
    assert found == pytest.approx(by_hand, abs=1e-6) and ours == pytest.approx(by_hand, abs=1e-9)


def test_tools_that_sort_by_score_read_every_ranking_in_its_order(room, tmp_path):
    export_run(room, tmp_path / "run.trec", tag="mine")
    lines = [line.split() for line in (tmp_path / "run.trec").read_text().splitlines()]
    assert {len(line) for line in lines} == {6} and {(line[1], line[5]) for line in lines} == {("Q0", "mine")}
    for user_id in {line[0] for line in lines}:
        listed = [line for line in lines if line[0] == user_id]
        by_score = sorted(listed, key=lambda line: -float(line[4]))
        assert [line[2] for line in by_score] == list(ranking(room, user_id))
        assert [int(line[3]) for line in listed] == list(range(1, len(listed) + 1))


def test_a_run_is_the_same_in_all_three_formats(room, tmp_path):
    for name in ("run.trec", "run.json", "run.parquet"):
        said = export_run(room, tmp_path / name)
        assert said.endswith(f"by edition {room.current().name}")
    with (tmp_path / "run.trec").open() as file:
        trec = pytrec_eval.parse_run(file)
    table = parquet.read_table(tmp_path / "run.parquet")
    assert table.schema.names == ["q_id", "doc_id", "score"]
    of_parquet = {}
    for row in table.to_pylist():
        of_parquet.setdefault(row["q_id"], {})[row["doc_id"]] = row["score"]
    of_json = json.loads((tmp_path / "run.json").read_text())
    assert of_json == of_parquet and of_json.keys() == trec.keys()
    assert of_json["fan"] == ranking(room, "fan")
    assert {user: list(listed) for user, listed in trec.items()} == {user: list(of_json[user]) for user in of_json}


def test_later_clicks_are_those_of_the_span_on_articles_not_read_by_readers_with_a_ranking(room, tmp_path):
    first, second, third, fourth = list(ranking(room, "fan"))[:4]
    with Import(room) as add:
        add.clicks(
            [
                event(room, "fan", first, hours=0),
                event(room, "fan", second, hours=1.9, kind="share"),
                event(room, "fan", second, hours=1.95, kind="hide"),
                event(room, "fan", third, hours=2),  # the span's end is not in it
                event(room, "fan", fourth, hours=-1),
                event(room, "fan", "N0"),  # read before the edition
                event(room, "stranger", first),
            ]
        )
    said = export_later_clicks(room, tmp_path / "clicks.json", hours=2)
    assert json.loads((tmp_path / "clicks.json").read_text()) == {"fan": {first: 1, second: 0}}
    assert "2 articles judged by 1 readers" in said
    assert "left out: 1 events of readers without a ranking, 1 on articles read before" in said


def test_clicks_after_an_earlier_edition_can_be_exported(room, tmp_path):
    before = room.current()
    first = next(iter(ranking(room, "fan")))
    with Import(room) as add:
        add.clicks([event(room, "fan", first)])
    build(room, "all")
    with pytest.raises(NewsroomError, match=r"no reader of the edition clicked .*\(0 events .* earlier edition"):
        export_later_clicks(room, tmp_path / "clicks.trec")
    export_later_clicks(room, tmp_path / "clicks.trec", before.name)
    assert (tmp_path / "clicks.trec").read_text() == f"fan 0 {first} 1\n"


def test_the_clicks_of_a_split_are_exported_by_impression_and_what_is_not_known_is_counted(room, tmp_path):
    rows = [row | {"impression_id": f"i{place}"} for place, row in enumerate(make_impressions(3))]
    rows[2]["clicked"] = []
    rows[0] |= {"shown": ["N1", "N2", "N1"], "clicked": [True, False, False]}
    with Import(room) as add:
        add.impressions("valid", rows)
    said = export_impressions(room, tmp_path / "valid.qrels", "valid")
    assert said.endswith("2 impressions of split valid; left out: 1 whose clicks are not known")
    with (tmp_path / "valid.qrels").open() as file:
        judged = pytrec_eval.parse_qrel(file)
    assert judged["i0"] == {"N1": 1, "N2": 0}
    assert judged["i1"] == dict(zip(rows[1]["shown"], map(int, rows[1]["clicked"]), strict=True))
    with pytest.raises(CorpusError, match=r"no such split.*tables --impressions FILE --split NAME .*mind DIR"):
        export_impressions(room, tmp_path / "test.qrels", "test")


def test_an_id_with_a_blank_is_refused_in_trec_and_written_in_json_and_parquet(room, tmp_path):
    shown = {"user_id": "a", "time": clock(room), "shown": ["N1", "N2"], "clicked": [True, False]}
    with Import(room) as add:
        add.impressions("valid", [shown | {"impression_id": "list 7"}])
    (tmp_path / "valid.qrels").write_text("of last week")
    with pytest.raises(InputError, match=r"found the id 'list 7', expected ids without blanks.*\.json or \.parquet"):
        export_impressions(room, tmp_path / "valid.qrels", "valid")
    assert (tmp_path / "valid.qrels").read_text() == "of last week"
    export_impressions(room, tmp_path / "valid.json", "valid")
    assert json.loads((tmp_path / "valid.json").read_text()) == {"list 7": {"N1": 1, "N2": 0}}
    export_impressions(room, tmp_path / "valid.parquet", "valid")
    assert parquet.read_table(tmp_path / "valid.parquet").to_pylist() == [
        {"q_id": "list 7", "doc_id": "N1", "score": 1},
        {"q_id": "list 7", "doc_id": "N2", "score": 0},
    ]
