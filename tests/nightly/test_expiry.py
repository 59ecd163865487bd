from datetime import timedelta

import pytest

from broadsheet.config.nightly import ArticlesConfig
from broadsheet.errors import NewsroomError
from broadsheet.importers.transaction import Import
from broadsheet.nightly.build import build
from broadsheet.nightly.expiry import expired
from broadsheet.nightly.verify import verify_edition
from broadsheet.pipeline import Pipeline
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CANDIDATES, NEWS
from tests.support.stage_contract import news_table
from tests.support.tiny import START, make_news, make_newsroom


def ids(edition):
    return read_table(edition.news, NEWS)["news_id"].to_pylist()


def test_an_article_is_expired_once_it_is_older_than_the_limit_of_its_category():
    ages = [3.1, 3.0, 2.9, 8.0, 400.0, None, -1.0]
    categories = ["sports", "sports", "sports", "politics", "archive", "sports", "sports"]
    times = [None if age is None else START - timedelta(days=age) for age in ages]
    news = news_table(7, category=categories, published_at=times)
    limits = ArticlesConfig(max_age_days=7, max_age_days_by_category={"sports": 3, "archive": 0})
    assert expired(news, limits, START).tolist() == [True, False, False, True, False, False, False]
    assert not expired(news, ArticlesConfig(), START).any()
    assert expired(news, ArticlesConfig(max_age_days_by_category={"sports": 3}), START).sum() == 1


@pytest.fixture
def room(tmp_path, encoder):
    """60 articles an hour apart as of the last one; those of politics older than 12 hours leave."""
    limits = "[articles]\n[articles.max_age_days_by_category]\npolitics = 0.5\n"
    return make_newsroom(tmp_path / "newsroom", encoder, extra=limits)


def test_expired_articles_are_in_no_table_of_the_edition_and_stay_in_the_corpus(room):
    lines = []
    edition = build(room, "all", lines.append)
    gone = {f"N{n}" for n in range(60) if n % 3 == 1 and n < 59 - 12}
    assert len(gone) == 16 and lines[0] == "articles: 16 past their age limit, or expired, were left out of the edition"
    assert set(ids(edition)) == {f"N{n}" for n in range(60)} - gone
    assert not gone & set(read_table(edition.candidates, CANDIDATES)["news_id"].to_pylist())
    assert edition.read_manifest()["counts"]["expired"] == 16
    assert len(read_table(room.news, NEWS)) == 60 and verify_edition(edition) == []


def test_a_reader_falls_back_on_what_is_left_of_the_history(room):
    build(room, "all")
    pipeline = Pipeline.open(room.path)
    assert pipeline.run("fan").kind == "known"  # sports alone
    assert pipeline.run("voter").kind == "new"  # politics alone, all of it expired


def test_articles_that_expire_are_not_lost_to_the_gate_and_their_vectors_are_made_once(room):
    first = build(room, ["fan"])
    with Import(room) as add:
        add.news([make_news(61)[60] | {"published_at": START + timedelta(hours=62)}])
    lines = []
    second = build(room, ["fan"], lines.append)
    assert set(ids(first)) - set(ids(second)) == {"N49"}
    assert second.read_manifest()["gate"]["figures"]["lost"] == 0
    assert next(line for line in lines if line.startswith("encode")).startswith("encode: 1 articles encoded, 43 taken")


def test_an_edition_without_any_article_is_refused(newsroom):
    current = build(newsroom, ["fan"])
    settings = newsroom.config_file.read_text().replace('clock = "latest"', 'clock = "now"')
    newsroom.config_file.write_text(settings + "[articles]\nmax_age_days = 30\n")
    with pytest.raises(NewsroomError, match=r"all 60 articles are older than \[articles\] allows"):
        build(newsroom, ["fan"])
    assert newsroom.current() == current


def test_without_a_limit_the_news_table_is_a_copy_of_the_corpus_file_that_shares_no_damage(built):
    news = built.current().news
    assert news.read_bytes() == built.news.read_bytes() and not news.samefile(built.news)
