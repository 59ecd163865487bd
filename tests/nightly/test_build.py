import shutil
from datetime import timedelta

import pyarrow as pa
import pytest

from broadsheet.errors import BroadsheetError, ContractError, InputError, NewsroomError
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.nightly.verify import verify_edition
from broadsheet.offline.workbenches import prepare_vectors
from broadsheet.operations.editions import rollback
from broadsheet.pipeline import Pipeline
from broadsheet.tables.arrow_files import read_table, write_table
from broadsheet.tables.schemas import NEWS, STORIES, USERS, news_vectors
from tests.support.manifests import take_as_built
from tests.support.tiny import START, make_news, make_newsroom, make_writer

STAGES = ["encode", "index", "retrieve", "rerank", "generate", "digest", "check"]


def build_and_report(room, users="active"):
    lines = []
    edition = build(room, users, lines.append)
    return edition, lines


def users_of(edition):
    return read_table(edition.users, USERS)["user_id"].to_pylist()


def vectors_of(edition):
    table = read_table(edition.news_vectors, news_vectors(32))
    return dict(zip(table["news_id"].to_pylist(), table["vector"].to_pylist(), strict=True))


def test_a_build_reports_each_stage_and_then_what_it_published(newsroom):
    edition, lines = build_and_report(newsroom)
    assert [line.split(":")[0] for line in lines[:-1]] == STAGES
    assert lines[0].startswith("encode: 60 articles encoded, 0 taken over: nothing to take over (") and lines[
        0
    ].endswith(" s)")
    assert lines[-1] == f"published {edition.name}" and newsroom.current() == edition


def test_the_manifest_says_what_the_edition_holds_and_is_written_last(built):
    edition = built.current()
    manifest = edition.read_manifest()
    tables = [
        "candidates",
        "clicks",
        "digests",
        "index",
        "news",
        "news_vectors",
        "ranked",
        "stories",
        "user_vectors",
        "users",
    ]
    assert sorted(manifest["files"]) == sorted([f"{name}.arrow" for name in tables] + ["index.faiss"])
    assert manifest["counts"] == {"news": 60, "users": 4, "expired": 0} and manifest["users"] == "all"
    assert list(manifest["seconds"]) == STAGES
    assert manifest["as_of"] == (START + timedelta(hours=59, seconds=1)).isoformat()
    assert manifest["config"]["retrieval"]["encoder"] == manifest["models"]["encoder"]
    written = {path.name: path.stat().st_mtime_ns for path in edition.path.iterdir()}
    assert max(written, key=lambda name: written[name]) == "manifest.json"


def test_a_second_build_takes_over_every_vector_and_every_text(tmp_path, encoder):
    room = make_newsroom(tmp_path / "newsroom", encoder, writer=str(make_writer(tmp_path / "writer")))
    first = build(room, ["fan"])
    stories = read_table(first.stories, STORIES)
    marks = [f"Taken over {news_id}" for news_id in stories["news_id"].to_pylist()]
    marked = pa.array(marks)
    stories = stories.set_column(STORIES.names.index("headline"), STORIES.field("headline"), marked)
    write_table(first.stories, stories, STORIES)
    take_as_built(first)
    second, lines = build_and_report(room, ["fan"])
    assert lines[0].startswith(f"encode: 0 articles encoded, 60 taken over from {first.name}: nothing changed (")
    assert lines[4].startswith("generate: 5 stories and 5 for new readers of 8 articles, ")
    assert lines[4].partition(" (")[0].endswith("; 8 taken over")
    assert first.news_vectors.samefile(second.news_vectors)
    assert read_table(second.stories, STORIES)["headline"].to_pylist() == marks
    assert vectors_of(second) == vectors_of(first)


def test_a_changed_and_a_new_article_are_encoded_alone(newsroom):
    first = build(newsroom, ["fan"])
    before = vectors_of(first)
    with Import(newsroom) as add:
        add.news([make_news()[5] | {"title": "Ocean energy study"}, make_news(61)[60]])
    edition, lines = build_and_report(newsroom, ["fan"])
    assert lines[0].startswith(f"encode: 2 articles encoded, 59 taken over from {first.name}: 1 new, 1 changed text (")
    after = vectors_of(edition)
    assert [news_id for news_id in after if after[news_id] != before.get(news_id)] == ["N5", "N60"]
    counts = edition.read_manifest()["stages"]["encode"]["counts"]
    assert counts == {"encoded": 2, "new": 1, "changed": 1, "reused": 59}


def test_a_stage_that_works_for_every_reader_again_says_why(newsroom):
    build(newsroom, ["fan"])
    lines = build_and_report(newsroom, ["fan"])[1]
    assert [line.split(":")[0] for line in lines if "again for every user" in line] == ["retrieve", "rerank"]


def test_nothing_is_taken_over_from_a_file_that_is_not_what_its_manifest_says(newsroom):
    first = build(newsroom, ["fan"])
    content = bytearray(first.news_vectors.read_bytes())
    content[len(content) // 2] ^= 1
    first.news_vectors.write_bytes(content)
    second, lines = build_and_report(newsroom, ["fan"])
    assert lines[0] == (f"nothing is taken over from {first.news_vectors}: its SHA-256 is not that of its manifest")
    assert lines[1].startswith("encode: 60 articles encoded, 0 taken over")
    assert verify_edition(second) == []


def test_another_encoder_means_that_nothing_is_taken_over(newsroom):
    build(newsroom, ["fan"])
    newsroom.config_file.write_text(
        newsroom.config_file.read_text().replace("[retrieval]", "[retrieval]\nmax_tokens = 9")
    )
    lines = build_and_report(newsroom, ["fan"])[1]
    assert lines[0].startswith("encode: 60 articles encoded, 0 taken over: all again: another model (")


def test_vectors_of_an_edition_that_was_rolled_back_are_taken_over(newsroom):
    build(newsroom, ["fan"])
    with Import(newsroom) as add:
        add.news([make_news()[5] | {"title": "Ocean energy study"}])
    build(newsroom, ["fan"])
    rollback(newsroom)
    assert build_and_report(newsroom, ["fan"])[1][0].startswith("encode: 0 articles encoded, 60 taken over")


def test_prepared_vectors_are_not_published_and_are_taken_over(newsroom):
    bench = prepare_vectors(newsroom)
    assert len(bench.data.catalogue) == 60 and not any(bench.data.edition.path.glob("index*"))
    with pytest.raises(NewsroomError, match="no edition is published"):
        newsroom.current()
    assert build_and_report(newsroom, ["fan"])[1][0].startswith("encode: 0 articles encoded, 60 taken over")


def test_the_users_of_an_edition_are_those_asked_for(newsroom):
    assert users_of(build(newsroom, "all")) == ["fan", "voter", "asker", "nobody"]
    assert users_of(build(newsroom)) == ["fan", "voter", "asker"]
    assert users_of(build(newsroom, ["nobody", "fan", "nobody"])) == ["nobody", "fan"]


def test_once_there_are_clicks_active_readers_are_those_with_a_recent_one_or_a_profile(newsroom):
    with Import(newsroom) as add:
        add.clicks([{"user_id": "clicker", "news_id": "N3", "time": START + timedelta(hours=30)}])
    assert users_of(build(newsroom)) == ["asker", "clicker"]


def test_an_unknown_user_or_another_word_is_an_error_and_nothing_is_published(newsroom):
    with pytest.raises(InputError, match=r"users: 2 unknown, such as 'who'\. Import them, or leave them out"):
        build(newsroom, ["fan", "who", "what"])
    with pytest.raises(InputError, match="found 'fan', expected 'active', 'all' or a list"):
        build(newsroom, "fan")
    assert newsroom.editions() == []


def test_a_newsroom_without_users_has_an_edition_for_new_readers(tmp_path, encoder):
    room = make_newsroom(tmp_path / "newsroom", encoder)
    write_table(room.users, USERS.empty_table(), USERS)
    assert users_of(build(room, "all")) == []
    page = Pipeline.open(room.path).run("anyone")
    assert page.kind == "new" and len(page.stories) == 10
    room.users.unlink()  # it might say what readers hid
    with pytest.raises(ContractError, match=r"users\.arrow: no such file"):
        Pipeline.open(room.path)


def test_a_newsroom_without_articles_is_told_how_to_get_them(tmp_path):
    with pytest.raises(NewsroomError, match="no newsroom here"):
        build(Newsroom(tmp_path / "nothing"))
    assert not (tmp_path / "nothing").exists()


def test_an_edition_that_does_not_pass_its_checks_is_not_published(newsroom):
    current = build(newsroom, ["fan"])
    news = read_table(newsroom.news, NEWS)
    write_table(newsroom.news, pa.concat_tables([news, news.slice(7, 1)]), NEWS)
    with pytest.raises(
        NewsroomError, match=r"not published, news: 1 rows repeat a news_id\. The current edition stays"
    ):
        build(newsroom, ["fan"])
    assert newsroom.current() == current and newsroom.editions() == [current]


def test_a_build_can_be_stopped_and_goes_on_where_it_was(newsroom):
    def stop(line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(newsroom, ["fan"], stop)
    assert newsroom.editions() == []
    assert build_and_report(newsroom, ["fan"])[1][0].startswith("encode: 0 articles encoded, 60 taken over")


def test_to_hide_an_article_does_not_make_it_popular(newsroom):
    events = [("N50", "hide"), ("N51", "hide"), ("N51", "click")]
    with Import(newsroom) as add:
        add.clicks(
            {"user_id": f"U{n}", "news_id": news_id, "time": START + timedelta(hours=58), "event": event}
            for n, (news_id, event) in enumerate(events)
        )
    build(newsroom, ["nobody"])
    rows = Pipeline.open(newsroom.path).run("nobody", 60).stories.to_pylist()
    popularity = {row["news_id"]: row["signals"]["popularity"] for row in rows}
    assert popularity["N51"] == 1 and popularity["N50"] == popularity["N1"] == 0


def test_a_reader_who_has_read_everything_gets_no_story_and_others_get_theirs(newsroom):
    with Import(newsroom) as add:
        add.users([{"user_id": "all-read", "history": [f"N{n}" for n in range(60)], "profile": "", "hidden": []}])
    build(newsroom, ["all-read"])
    pages = Pipeline.open(newsroom.path).run_many(["all-read", "fan"], 5)
    assert [(page.kind, len(page.stories)) for page in pages] == [("known", 0), ("known", 5)]


@pytest.mark.parametrize("section", ["retrieval", "rerank", "generate"])
def test_a_lost_model_leaves_the_current_edition_in_place(tmp_path, encoder, section):
    lost = shutil.copytree(encoder, tmp_path / "lost")
    room = make_newsroom(tmp_path / "newsroom", encoder)
    current = build(room, ["fan"])
    settings = room.config_file.read_text()
    name = "writer" if section == "generate" else "encoder"
    before = {"writer": 'writer = ""', "encoder": f'encoder = "{encoder}"'}[name]
    head, found, tail = settings.partition(f"[{section}]")
    room.config_file.write_text(head + found + tail.replace(before, f'{name} = "{lost}"', 1))
    shutil.rmtree(lost)
    with pytest.raises(BroadsheetError, match="lost"):
        build(room, ["fan"])
    assert room.current() == current and room.editions() == [current] and verify_edition(current) == []
