"""The benchmark of two languages: what is cut, what is scored with what, and the whole script on a tiny newsroom."""

import json
from dataclasses import replace

import numpy as np
import pytest

from broadsheet.errors import InputError
from broadsheet.evaluation.ranking import languages_report
from broadsheet.evaluation.ranking.languages import in_both, make_room, open_measured, ranked_by, read_titles
from broadsheet.importers.transaction import Import
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import IMPRESSIONS, NEWS
from tests.support import evaluated
from tests.support.assets import put_assets
from tests.support.scripts import PNG, run_script
from tests.support.tiny import TOPICS, make_impressions

OTHER = {f"N{n}": f"{list(TOPICS.values())[n % 3][n % 8]} {n}" for n in range(28)}


@pytest.fixture(scope="module")
def source(tmp_path_factory, encoder):
    """A newsroom with three splits; the titles of N28 and N29 are not translated."""
    room = evaluated.make_room(tmp_path_factory.mktemp("languages") / "newsroom", encoder, adapter=False)
    with Import(room) as add:
        add.impressions("train", make_impressions(12))
        add.impressions("tune", make_impressions(12))
    return room


@pytest.fixture
def titles(tmp_path):
    path = tmp_path / "cmn.tsv"
    lines = ["nid\ttitle\tabstract", *(f"{news_id}\t{title}\t" for news_id, title in OTHER.items()), "N29\t \t"]
    path.write_text("\n".join(lines), "utf-8")
    return path


def test_titles_are_those_of_articles_that_have_both(source, titles):
    own, other = in_both(source, read_titles(titles))
    assert other == OTHER and own.keys() == OTHER.keys() and own["N0"] != other["N0"]


def test_a_file_that_is_not_of_xmind_and_articles_that_are_not_of_mind_are_refused_by_name(source, tmp_path):
    (tmp_path / "news.tsv").write_text("id\ttitle\nN1\tx\n", "utf-8")
    with pytest.raises(InputError, match=r"news.tsv: no column nid"):
        read_titles(tmp_path / "news.tsv")
    with pytest.raises(InputError, match=r"gone.tsv: cannot be read"):
        read_titles(tmp_path / "gone.tsv")
    with pytest.raises(InputError, match="no article has a title in both languages"):
        in_both(source, {"X1": "x"})


def test_lists_and_histories_are_cut_to_the_titles_and_what_cannot_be_ranked_is_left_out(source, tmp_path):
    rows = read_table(source.impressions("train"), IMPRESSIONS).to_pylist()
    first = rows[0]
    clicked = next(news_id for news_id, hit in zip(first["shown"], first["clicked"], strict=True) if hit)
    unclicked = [news_id for news_id in first["shown"] if news_id != clicked]
    kept = {clicked, unclicked[0], first["history"][0]}
    room = make_room(source, dict.fromkeys(kept, "title"), tmp_path / "room", "asset:e5")
    cut = {row["impression_id"]: row for row in read_table(room.impressions("train"), IMPRESSIONS).to_pylist()}
    assert cut["0"]["history"] == [first["history"][0]] and set(cut["0"]["shown"]) == {clicked, unclicked[0]}
    assert all(row["history"] and set(row["clicked"]) == {True, False} for row in cut.values()) and len(cut) < len(rows)
    news = read_table(room.news, NEWS)
    assert set(news.column("news_id").to_pylist()) == kept and set(news.column("category").to_pylist()) == {""}


def test_readers_are_those_of_the_one_language_and_articles_those_of_the_other(source, tmp_path, encoder):
    one = open_measured(make_room(source, OTHER, tmp_path / "room", str(encoder)))
    clicked = one.impressions[0].clicked_rows
    liked, flat = np.zeros_like(one.articles), np.zeros_like(one.articles)
    liked[:, 0] = [1.0 if row in clicked else -1.0 for row in range(len(liked))]
    flat[:, 0] = 1.0  # every reader points the same way
    assert ranked_by(replace(one, articles=flat), replace(one, articles=liked))["auc"][0] == 1
    assert ranked_by(replace(one, articles=-flat), replace(one, articles=liked))["auc"][0] == 0
    assert ranked_by(replace(one, articles=flat), replace(one, articles=flat))["auc"] == pytest.approx(0.5)


def test_the_script_writes_rows_of_both_languages_and_what_one_loses(source, titles, tmp_path, encoder, monkeypatch):
    put_assets(monkeypatch, tmp_path / "cache", encoder, "minilm", "e5")
    monkeypatch.setattr(languages_report, "SEEDS", (0, 1))
    for language in ("english", "danish"):
        for seed in (0, 1):
            evaluated.make_towers(tmp_path / "work" / f"{language}-towers" / f"towers-{seed}", "asset:e5", seed)
    run_script("benchmark_languages", source.path, titles, tmp_path / "work", "Danish", tmp_path / "out")
    document = json.loads((tmp_path / "out" / "languages-danish.json").read_text("utf-8"))
    rows = document["rows"]
    assert set(rows["English, untrained"]) == {"auc", "mrr", "ndcg@5", "ndcg@10"}
    assert "English history, Danish articles, trained" in rows and len(document["runs"]["Danish, trained"]) == 2
    lost = next(one for one in document["differences"] if (one["of"], one["metric"]) == ("Danish, untrained", "auc"))
    assert lost["mean"] == pytest.approx(rows["Danish, untrained"]["auc"]["mean"] - rows[lost["minus"]]["auc"]["mean"])
    seeds = [one["auc"] for one in document["runs"]["English, trained"]]
    assert rows["English, trained"]["auc"]["mean"] == pytest.approx(np.mean(seeds))
    assert document["data"]["newsroom"] == "newsroom" and document["models"]["encoder"] == "asset:e5"
    assert (tmp_path / "out" / "languages-danish.png").read_bytes().startswith(PNG)
    assert "English and Danish titles" in (tmp_path / "out" / "languages-danish.md").read_text("utf-8")
