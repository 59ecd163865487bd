import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from broadsheet import pipeline
from broadsheet.errors import ContractError, InputError, ModelError, NewsroomError
from broadsheet.evaluation.speed.request_profile import profile_request
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.operations.editions import rollback
from broadsheet.pages.page import PAGE_STORIES, WHY
from broadsheet.pipeline import Pipeline, open_newsroom
from broadsheet.tables.arrow_files import read_table, write_table
from broadsheet.tables.schemas import NEWS, RANKED, STORIES
from broadsheet.training.reranker import train_reranker
from tests.support.manifests import take_as_built
from tests.support.tiny import START, make_encoder, make_impressions, make_news, make_newsroom, make_writer

READERS = ["fan", "voter", "asker", "nobody"]


@pytest.fixture(scope="module")
def room(tmp_path_factory, encoder):
    """A newsroom with clicks, a trained cross-encoder, a writer and an edition for all readers; tests only read."""
    folder = tmp_path_factory.mktemp("pipeline")
    room = make_newsroom(folder / "newsroom", encoder, writer=str(make_writer(folder / "writer")))
    with Import(room) as add:
        add.clicks([{"user_id": "voter", "news_id": "N10", "time": START + timedelta(hours=58)}])
        add.impressions("train", make_impressions(24))
        add.impressions("valid", make_impressions(9))
    train_reranker(room, train="train", valid="valid")
    build(room, "all")
    return room


@pytest.fixture(scope="module")
def opened(room):
    return Pipeline.open(room.path)


@pytest.fixture(scope="module")
def plain(built):
    """A pipeline without a writer and without a trained cross-encoder."""
    return Pipeline.open(built.path)


def ids(page):
    return page.stories["news_id"].to_pylist()


@pytest.mark.parametrize(
    "reader, kind", [("fan", "known"), ("voter", "known"), ("asker", "profile"), ("nobody", "new"), ("stranger", "new")]
)
def test_every_reader_gets_a_full_page_marked_for_what_is_known_of_them(opened, room, reader, kind):
    page = opened.run(reader, 5)
    assert (page.user_id, page.kind, page.request) == (reader, kind, "")
    assert page.stories["rank"].to_pylist() == [1, 2, 3, 4, 5] and len(set(ids(page))) == 5
    assert page.edition == room.current().name
    assert list(page.timings) == ["user tower", "retrieve", "rerank", "generate"]
    assert all(
        headline in page.to_html() and headline in str(page) for headline in page.stories["headline"].to_pylist()
    )


def test_a_stranger_gets_the_page_of_a_reader_of_whom_nothing_is_known(opened):
    assert opened.run("stranger", 5).stories.equals(opened.run("nobody", 5).stories)


def test_pages_follow_what_their_readers_read_and_say(plain):
    # N59 and N58, the newest of all, widen the pages of readers with a history. N58 is of the voter's topic.
    new = {"fan": ["N59", "N58"], "voter": ["N59"], "asker": []}
    for reader, topic in (("fan", "sports"), ("voter", "politics"), ("asker", "science")):
        stories = plain.run(reader).stories.to_pylist()
        others = [(row["rank"], row["news_id"]) for row in stories if row["category"] != topic]
        assert len(stories) == 10 and others == list(enumerate(new[reader], 2)), reader


def test_an_answer_follows_the_request_and_belongs_to_nobody(plain):
    page = plain.ask("  senate election court ", 3)
    assert (page.kind, page.request, page.user_id) == ("request", "senate election court", "")
    assert page.stories["category"].to_pylist() == ["politics"] * 3
    assert ids(plain.ask("football goal", 3)) != ids(page)


def test_a_page_is_a_table_of_page_stories_with_the_articles_own_facts(opened, room):
    page = opened.run("fan", 5)
    assert page.stories.schema.equals(PAGE_STORIES, check_metadata=True)
    page.stories.cast(PAGE_STORIES).validate(full=True)
    news = {row["news_id"]: row for row in read_table(room.news, NEWS).to_pylist()}
    for row in page.stories.to_pylist():
        assert {name: row[name] for name in ("title", "category", "source", "url", "published_at")} == {
            name: news[row["news_id"]][name] for name in ("title", "category", "source", "url", "published_at")
        }
        because = row["because_news_id"]
        assert row["because_title"] == (news[because]["title"] if because else None)
        assert because in (None, "N0", "N3", "N6") and 0 < row["signals"]["relevance"] < 1


@pytest.mark.parametrize("reader", READERS)
def test_a_page_is_what_the_nightly_build_ranked_and_wrote_for_its_reader(opened, room, reader):
    edition, page = room.current(), opened.run(reader, 5)
    ranked = read_table(edition.ranked, RANKED).to_pylist()
    nightly = [row for row in ranked if row["user_id"] == reader and row["rank"] <= 5]
    assert ids(page) == [row["news_id"] for row in nightly]
    assert page.stories["reason"].to_pylist() == [row["reason"] for row in nightly]
    for ours, theirs in zip(page.stories.to_pylist(), nightly, strict=True):
        assert ours["fused"] == pytest.approx(theirs["fused"], abs=1e-6)
        assert ours["signals"] == pytest.approx({name: theirs[name] for name in WHY}, abs=1e-6)
    told = [row for row in read_table(edition.stories, STORIES).to_pylist() if row["user_id"] == reader]
    for column in ("headline", "summary", "method", "checks"):
        assert page.stories[column].to_pylist() == [row[column] for row in told]


def test_texts_of_the_edition_are_shown_and_only_the_others_are_written(room, tmp_path):
    copy = Newsroom(shutil.copytree(room.path, tmp_path / "copy", symlinks=True))
    path = copy.current().stories
    stories = read_table(path, STORIES)
    marked = pa.array(["From the edition"] * len(stories))
    write_table(path, stories.set_column(STORIES.names.index("headline"), STORIES.field("headline"), marked), STORIES)
    take_as_built(copy.current())
    headlines = Pipeline.open(copy.path).run("fan", 7).stories["headline"].to_pylist()
    assert headlines[:5] == ["From the edition"] * 5 and "From the edition" not in headlines[5:]


def test_what_was_read_or_hidden_never_appears_however_long_the_page(plain):
    # N24 and N48 are N0 with another small word in the title, N27 and N51 are N3, N30 is N6, and N57 is the hidden N9.
    # N21 and N45 share nine words of ten with N0, in another order, and so are no copies.
    copies = {"N24", "N27", "N30", "N48", "N51", "N57"}
    page = plain.run("fan", 60)
    assert sorted(ids(page)) == sorted({f"N{n}" for n in range(60)} - {"N0", "N3", "N6", "N9"} - copies)
    assert page.stories["rank"].to_pylist() == list(range(1, 51))


@pytest.mark.parametrize("k", [0, -1, 2.5, "3", None, True, False])
def test_a_k_that_is_no_number_of_stories_is_refused(plain, k):
    for request in (lambda: plain.run("fan", k), lambda: plain.ask("goal", k), lambda: plain.run_many([], k)):
        with pytest.raises(InputError, match=rf"k: found {k!r}, expected the number of stories on the page, 1 or more"):
            request()


def test_a_k_larger_than_the_newsroom_gives_a_shorter_page(plain):
    assert len(plain.run("fan", 10**20).stories) == 50 and len(plain.ask("goal", 61).stories) == 60


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_empty_request_is_refused(plain, text):
    with pytest.raises(InputError, match="ask: found an empty request, expected some words"):
        plain.ask(text)


def test_several_pages_come_in_the_order_asked_for(plain):
    pages = plain.run_many(["voter", "fan", "stranger", "voter"], 4)
    assert [page.user_id for page in pages] == ["voter", "fan", "stranger", "voter"]
    assert [ids(page) for page in pages] == [ids(plain.run(page.user_id, 4)) for page in pages]
    assert plain.run_many([]) == []
    with pytest.raises(InputError, match="user_ids: found 'fan', expected a list"):
        plain.run_many("fan")


def test_eight_threads_get_the_pages_that_one_gets(opened):
    wanted = [*READERS, "stranger"] * 8
    alone = {reader: opened.run(reader, 5).stories for reader in set(wanted)}
    answer = opened.ask("space study", 5).stories
    with ThreadPoolExecutor(8) as threads:
        pages = list(threads.map(lambda reader: opened.run(reader, 5), wanted))
        answers = list(threads.map(lambda _: opened.ask("space study", 5), range(8)))
    assert all(page.stories.equals(alone[page.user_id]) for page in pages)
    assert all(page.stories.equals(answer) for page in answers)


def test_an_open_pipeline_keeps_its_edition_through_an_import_and_a_publication(copy):
    before = Pipeline.open(copy.path)
    page = before.run("fan", 56)
    with Import(copy) as add:
        add.news([make_news()[57] | {"title": "Replaced coach", "abstract": "Another text."}])
    assert before.run("fan", 56).stories.equals(page.stories)
    assert Pipeline.open(copy.path).run("fan", 56).stories.equals(page.stories)
    edition = build(copy, "all")
    assert before.run("fan", 56).stories.equals(page.stories) and before.run("fan").edition == page.edition
    after = Pipeline.open(copy.path).run("fan", 56)
    assert after.edition == edition.name and "Replaced coach" in after.stories["title"].to_pylist()


def test_a_newsroom_is_named_by_argument_by_variable_or_by_its_place(copy, monkeypatch):
    monkeypatch.delenv("BROADSHEET_NEWSROOM", raising=False)
    monkeypatch.chdir(copy.path.parent)
    with pytest.raises(NewsroomError, match="newsroom: no newsroom here"):
        open_newsroom()
    assert pipeline.run("fan", k=2, newsroom="copy").edition == copy.current().name
    monkeypatch.setenv("BROADSHEET_NEWSROOM", str(copy.path))
    assert open_newsroom() is open_newsroom("copy")
    monkeypatch.delenv("BROADSHEET_NEWSROOM")
    copy.path.rename(copy.path.parent / "newsroom")
    assert len(pipeline.run("fan", 3).stories) == 3


def test_a_newsroom_is_opened_once_for_each_edition_and_each_config(copy):
    with ThreadPoolExecutor(8) as threads:
        opened = list(threads.map(lambda _: open_newsroom(copy.path), range(8)))
    assert len(set(map(id, opened))) == 1
    first = copy.current()
    build(copy, ["fan"])
    second = open_newsroom(copy.path)
    assert second is not opened[0] and second is open_newsroom(str(copy.path))
    assert second.run("fan").edition == copy.current().name != first.name
    copy.config_file.write_text(copy.config_file.read_text().replace("candidates = 20", "candidates = 3"))
    assert open_newsroom(copy.path) is not second and len(open_newsroom(copy.path).run("fan", 3).stories) == 3
    rollback(copy)
    assert open_newsroom(copy.path).run("fan", 3).edition == first.name


def test_another_encoder_than_the_editions_is_an_error_that_names_both(copy, tmp_path, encoder):
    other = make_encoder(tmp_path / "other", seed=1)
    copy.config_file.write_text(copy.config_file.read_text().replace(f'"{encoder}"', f'"{other}"', 1))
    with pytest.raises(ModelError) as raised:
        Pipeline.open(copy.path)
    message = str(raised.value)
    assert f"was built with '{encoder}' (vectors " in message and f"names '{other}' (vectors " in message
    assert "Run `broadsheet build" in message


@pytest.mark.parametrize("name", ["news", "clicks", "news_vectors", "index", "index_rows", "stories", "corpus users"])
@pytest.mark.parametrize("damage", ["truncated", "foreign"])
def test_a_damaged_file_is_one_error_that_names_it(copy, name, damage):
    path = copy.users if name == "corpus users" else getattr(copy.current(), name)
    content = path.read_bytes()
    path.unlink()  # news and clicks share their bytes with the corpus
    path.write_bytes(content[:-30] if damage == "truncated" else b"nothing of ours")
    with pytest.raises(ContractError, match=path.name):
        Pipeline.open(copy.path).run("fan", 3)


def test_an_archive_stands_still_and_a_live_newsroom_reckons_from_the_request(copy, plain):
    assert plain.run("fan").as_of == START + timedelta(hours=59, seconds=1)
    copy.config_file.write_text(copy.config_file.read_text().replace('clock = "latest"', 'clock = "now"'))
    live = Pipeline.open(copy.path)
    for _ in range(2):
        asked = datetime.now(UTC).replace(second=0, microsecond=0)
        assert asked <= live.run("fan", 1).as_of <= datetime.now(UTC)


@pytest.mark.parametrize("reader", ["fan", "voter"])
def test_a_second_request_looks_the_readers_history_up_once_and_its_topics_are_remembered(opened, reader):
    profile = profile_request(opened, reader, 5)
    assert (profile.history_lookups, profile.topics_found) == (1, 0)
    assert profile.calls > profile.files > 20  # it counted the functions that were really called
