import json
from datetime import UTC, datetime

import pytest
from rich.text import Text

from broadsheet.cli.status import show_status
from broadsheet.errors import NewsroomError
from broadsheet.importers.transaction import Import
from broadsheet.live.articles import known_ids, withdraw_articles
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.journal import Journal
from broadsheet.newsroom.manifest import write_manifest
from broadsheet.nightly.build import build
from broadsheet.operations.editions import rollback
from broadsheet.operations.status import newsroom_state
from broadsheet.pipeline import Pipeline
from tests.support.late_articles import row
from tests.support.tiny import make_impressions, make_news


def test_status_names_corpus_splits_and_editions(newsroom, built, capsys):
    with Import(newsroom) as add:
        add.impressions("valid", make_impressions(7))
    show_status(newsroom)
    printed = capsys.readouterr().out
    assert "impressions, valid" in printed and "broadsheet build" in printed
    show_status(built)
    line = next(line for line in capsys.readouterr().out.splitlines() if built.current().name in line)
    for part in ("current", "1.000", "Flat", " 60 ", " 4 ", "encoder"):
        assert part in line


def test_status_counts_the_readers_of_the_click_log_whom_table_users_does_not_name(tmp_path):
    newsroom = Newsroom(tmp_path / "room")
    with Import(newsroom) as add:
        add.news(make_news(3))
    assert newsroom_state(newsroom)["corpus"]["readers with clicks"] == 0
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with Import(newsroom) as add:
        add.clicks({"user_id": user, "news_id": "N0", "time": noon} for user in ("ann", "bob", "ann"))
    state = newsroom_state(newsroom)["corpus"]
    assert (state["users"], state["readers with clicks"]) == (0, 2)


def test_status_takes_no_markup_from_a_folders_name(tmp_path, encoder, capsys):
    newsroom = Newsroom(tmp_path / "[red]room[/nothing]")
    with Import(newsroom) as add:
        add.news(make_news(3))
    show_status(newsroom)
    assert "[red]room[/nothing]" in Text.from_ansi(capsys.readouterr().out).plain.replace("\n", "")


def test_status_of_no_newsroom_says_how_to_make_one(tmp_path):
    with pytest.raises(NewsroomError, match="no newsroom here"):
        show_status(Newsroom(tmp_path))


def test_status_says_what_is_wrong_with_the_settings_and_shows_the_editions_all_the_same(copy, capsys):
    assert newsroom_state(copy)["settings_problem"] is None
    show_status(copy)
    assert "Settings:" not in capsys.readouterr().out
    copy.config_file.write_text("[rerank]\ncross_encoder_reads = 0\n[rerank.weights]\nunseen = -1\n")
    show_status(copy)
    printed = capsys.readouterr().out
    assert copy.current().name in printed and "Settings: builds, trainings and pages stop with this error." in printed
    assert "cross_encoder_reads: found 0, expected a whole number of at least 1" in printed
    assert "rerank.weights.unseen: found -1" in newsroom_state(copy)["settings_problem"]


def lines_of(capsys):
    return capsys.readouterr().out.splitlines()


def test_an_edition_that_was_kept_back_or_cannot_be_read_is_shown_with_the_reason(newsroom, capsys):
    build(newsroom, ["fan"])
    newsroom.start_edition()
    current = newsroom.current()
    kept = newsroom.path / "editions" / "2999-01-01T00-00-00.000000Z"
    kept.mkdir()
    (kept / "manifest.json").write_text("{")
    manifest = current.read_manifest() | {"published": False, "reasons": ["recall is low"]}
    write_manifest(current.manifest, manifest)
    show_status(newsroom)
    text = " ".join(" ".join(lines_of(capsys)).replace("│", " ").split())
    assert "kept back:" in text and "recall is low" in text and "no readable manifest" in text


def test_what_was_added_and_withdrawn_since_the_current_edition_waits_for_the_next(newsroom, capsys):
    build(newsroom, ["fan"])
    pipeline = Pipeline.open(newsroom.path)
    assert newsroom_state(newsroom)["journal"] == {"added": 0, "withdrawn": 0}
    pipeline.add([row("X1"), row("X2"), row("N5")])
    pipeline.withdraw(["N1", "X2"])
    pipeline.withdraw(["N1", "N2"])
    assert newsroom_state(newsroom)["journal"] == {"added": 2, "withdrawn": 3}
    show_status(newsroom)
    waiting = [line.replace("│", " ").split() for line in lines_of(capsys) if "for the next build" in line]
    assert [line[-2:] for line in waiting] == [["added", "2"], ["withdrawn", "3"]]
    with Import(newsroom) as add:
        add.news([row("X3")])
    assert newsroom_state(newsroom)["journal"] == {"added": 2, "withdrawn": 3}  # in the corpus, and in no edition yet
    build(newsroom, ["fan"])
    assert newsroom_state(newsroom)["journal"] == {"added": 0, "withdrawn": 0}
    rollback(newsroom)
    assert newsroom_state(newsroom)["journal"] == {"added": 2, "withdrawn": 3}


def test_before_the_first_edition_what_the_corpus_does_not_hold_waits(newsroom):
    withdraw_articles(newsroom, ["N1"], lambda: known_ids(newsroom))
    assert newsroom_state(newsroom)["journal"] == {"added": 0, "withdrawn": 1}
    with Import(newsroom) as add:
        add.news([row("X1")])
    assert newsroom_state(newsroom)["journal"] == {"added": 0, "withdrawn": 0}


def test_a_journal_that_cannot_be_read_is_shown_with_the_reason(newsroom, capsys):
    withdraw_articles(newsroom, ["N1"], lambda: known_ids(newsroom))
    entry = Journal(newsroom).entries()[0].path
    entry.write_bytes(b"nothing of ours")
    show_status(newsroom)
    said = "".join(capsys.readouterr().out.replace("│", " ").split())
    assert "forthenextbuild:problem" in said and f"{entry.name}:nottheentrythatwaswritten" in said


def test_json_says_the_same_for_programs(built, capsys):
    show_status(built, as_json=True)
    state = json.loads(capsys.readouterr().out)
    assert state["journal"] == {"added": 0, "withdrawn": 0}
    assert state["corpus"] == {"articles": 60, "users": 4, "clicks": 0, "readers with clicks": 0}
    assert state["settings_problem"] is None
    (edition,) = state["editions"]
    assert (edition["edition"], edition["current"], edition["published"]) == (built.current().name, True, True)
    assert (edition["articles"], edition["users"], edition["recall"], edition["reasons"]) == (60, 4, 1.0, [])
    assert 0 < edition["bytes_of_its_own"] == edition["bytes"]  # a first edition took no file over
