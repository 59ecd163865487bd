"""Values of a site's own: names of events, and advice where a whole table of them is refused."""

import pytest

from broadsheet.errors import CorpusError
from broadsheet.importers.tables import import_tables
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS


def imported(tmp_path, *rows, settings=""):
    newsroom = Newsroom(tmp_path / "room")
    newsroom.path.mkdir(exist_ok=True)
    newsroom.config_file.write_text(settings)
    (tmp_path / "news.csv").write_text("news_id,title\n1,One\n")
    lines = [f"u,{news_id},2026-01-02T13:00:00Z,{event}\n" for news_id, event in rows]
    (tmp_path / "clicks.csv").write_text("user_id,news_id,time,event\n" + "".join(lines))
    report = import_tables(newsroom, tmp_path / "news.csv", tmp_path / "clicks.csv", None, {})
    return report, read_table(newsroom.clicks, CLICKS)["event"].to_pylist()


def test_events_with_names_of_the_site_count_as_what_its_settings_say(tmp_path):
    rows = [("1", "view"), ("1", "Not for me"), ("1", "like"), ("1", "glance")]
    settings = '[imports.events]\nView = "click"\n"not for me" = "hide"\n'
    report, events = imported(tmp_path, *rows, settings=settings)
    assert events == ["click", "hide", "like"] and report.skipped.total() == 1


def test_the_advice_for_an_unknown_event_works_when_it_is_followed(tmp_path):
    with pytest.raises(CorpusError, match=r"under \[imports\.events\]") as failed:
        imported(tmp_path, ("1", "page view"))
    assert "clicks.news_id=" not in str(failed.value)  # nothing is wrong with the ids
    line = '"page view" = "click"'
    assert line in str(failed.value)
    assert imported(tmp_path, ("1", "page view"), settings=f"[imports.events]\n{line}\n")[1] == ["click"]


def test_clicks_on_unknown_articles_are_answered_with_advice_on_ids(tmp_path):
    with pytest.raises(CorpusError, match=r"--column clicks\.news_id="):
        imported(tmp_path, ("99", "click"))
