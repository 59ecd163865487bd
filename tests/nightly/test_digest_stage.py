from datetime import timedelta

import pytest

from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Edition
from broadsheet.nightly import digest_stage as digest_step
from broadsheet.nightly.digest_stage import digest
from broadsheet.nightly.earlier import Earlier
from broadsheet.nightly.index_stage import index
from broadsheet.offline.workbenches import prepare_vectors
from broadsheet.tables.arrow_files import from_rows, read_table, write_table
from broadsheet.tables.schemas import DIGESTS, STORIES
from tests.support.tiny import START, make_newsroom

# Of three topics, since the tiny encoder finds all sentences of one topic alike.
LOST = "The coach and the player of the football team lost the cup match and the league."
VOTED = "The party of the president and the minister lost the senate vote and the election."
FOUND = "“The ocean study of the lab and the cell of the planet wins energy,” said Anna Rocket."


def on_one_event(number, *sentences, **changes):
    """A row of table news; the tiny encoder knows no word of the title, so that all of them are alike."""
    return {
        "news_id": f"E{number}",
        "title": "Dam bursts, thousands flee",
        "body": " ".join(sentences),
        "source": f"Outlet {number}",
        "url": f"https://e.example/{number}",
        "published_at": START + timedelta(hours=50),
        **changes,
    }


STORY = {
    **dict.fromkeys(["user_id", "headline", "summary", "model", "prompt", "interest", "content_hash"], ""),
    "rank": 1,
    "method": {"headline": "original", "summary": "original"},
    "checks": [],
}
FLOOD = (on_one_event(1, LOST, VOTED), on_one_event(2, FOUND, VOTED), on_one_event(3, LOST))


def add(room, *articles):
    with Import(room) as rows:
        rows.news(articles)


@pytest.fixture
def room(tmp_path, encoder):
    """A newsroom with three articles on one event."""
    room = make_newsroom(tmp_path / "newsroom", encoder, extra="[rerank.caps]\nstory_similarity = 0.99\n")
    add(room, *FLOOD)
    return room


def bench_of(room, *shown):
    """A workbench of an edition being built that has an index, and whose stories are of these articles."""
    bench = prepare_vectors(room)
    index(bench, bench.data.edition, Earlier())
    stories = from_rows([STORY | {"news_id": news_id} for news_id in shown], STORIES)
    write_table(bench.data.edition.stories, stories, STORIES)
    return bench


def made(bench, tmp_path, *known):
    out = Edition(tmp_path / "out")
    done = digest(bench, out, Earlier(digests=known))
    return {row["news_id"]: row for row in read_table(out.digests, DIGESTS).to_pylist()}, done


def test_a_story_whose_event_others_tell_too_gets_a_digest_that_begins_with_itself(room, tmp_path):
    found, done = made(bench_of(room, "E1", "E3", "N1"), tmp_path)
    assert list(found) == ["E1", "E3"] and done.counts == {"digests": 2, "reused": 0}
    assert done.line == "2 digests for 3 articles of stories, 0 taken over"
    assert [(row["news_ids"][0], sorted(row["news_ids"])) for row in found.values()] == [
        ("E1", ["E1", "E2", "E3"]),
        ("E3", ["E1", "E2", "E3"]),
    ]
    assert found["E1"]["sentences"] == [
        {"text": LOST, "part": "happened", "news_ids": ["E1", "E3"]},
        {"text": VOTED, "part": "happened", "news_ids": ["E1", "E2"]},
        {"text": FOUND, "part": "says", "news_ids": ["E2"]},
    ]


def test_the_same_is_taken_over_and_what_changed_is_made_again(room, tmp_path):
    bench = bench_of(room, "E1")
    first, _ = made(bench, tmp_path)
    marked = [{**row, "sentences": row["sentences"][:2]} for row in first.values()]
    model = bench.models.news_tower.fingerprint
    write_table(tmp_path / "known.arrow", from_rows(marked, DIGESTS), DIGESTS, model=model)
    again, done = made(bench, tmp_path, tmp_path / "known.arrow")
    assert list(again.values()) == marked and done.counts == {"digests": 1, "reused": 1}
    add(room, on_one_event(2, FOUND))
    changed, done = made(bench_of(room, "E1"), tmp_path, tmp_path / "known.arrow")
    assert done.counts["reused"] == 0 and changed["E1"]["made_of"] != first["E1"]["made_of"]


@pytest.mark.parametrize("how", ["another model", "damaged", "missing"])
def test_nothing_is_taken_over_from_another_models_table_or_a_damaged_one(room, tmp_path, how):
    bench, known = bench_of(room, "E1"), tmp_path / "known.arrow"
    first, _ = made(bench, tmp_path)
    if how == "another model":
        write_table(known, from_rows(list(first.values()), DIGESTS), DIGESTS, model="0123456789abcdef")
    elif how == "damaged":
        known.write_bytes((tmp_path / "out" / "digests.arrow").read_bytes()[:-40])
    again, done = made(bench, tmp_path, known)
    assert again == first and done.counts["reused"] == 0


def test_a_killed_run_leaves_no_table_and_the_next_takes_its_digests_over(room, tmp_path, monkeypatch):
    monkeypatch.setattr(digest_step, "BLOCK", 1)
    bench, out, written = bench_of(room, "E1", "E2", "E3"), Edition(tmp_path / "out"), []

    def stop(path, *rest, **stamp):
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(path)
        write_table(path, *rest, **stamp)

    with monkeypatch.context() as patch:
        patch.setattr(digest_step, "write_table", stop)
        with pytest.raises(KeyboardInterrupt):
            digest(bench, out, Earlier())
    assert not out.digests.exists() and len(written) == 2
    found, done = made(bench, tmp_path)
    assert list(found) == ["E1", "E2", "E3"] and done.counts["reused"] == 2
    assert [path.name for path in out.path.iterdir()] == ["digests.arrow"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"published_at": START + timedelta(hours=50, days=4)}, ["E1", "E3"]),
        ({"published_at": START - timedelta(days=2)}, ["E1", "E3"]),
        ({"published_at": None}, ["E1", "E3"]),
        ({"source": "Outlet 1"}, ["E1", "E3"]),
        ({"source": "Outlet 1", "title": "Dam bursts, thousands fled"}, ["E1", "E2", "E3"]),
        ({"source": "Outlet 1", "title": "Dam bursts, thousands flee 2"}, ["E1", "E3"]),
        ({"title": "Football team wins the cup"}, ["E1", "E3"]),
        ({}, ["E1", "E2", "E3"]),
    ],
    ids=["later", "earlier", "no time", "again", "another title", "an issue of a series", "another topic", "none"],
)
def test_an_article_is_of_the_event_if_it_is_alike_near_in_time_and_not_the_same_again(
    room, tmp_path, change, expected
):
    add(room, on_one_event(2, FOUND, VOTED, **change), on_one_event(3, FOUND))
    found, _ = made(bench_of(room, "E1"), tmp_path)
    assert sorted(found["E1"]["news_ids"]) == expected


def test_an_article_without_a_time_and_one_alone_have_no_digest(room, tmp_path):
    add(room, on_one_event(3, LOST, FOUND, published_at=None))
    found, done = made(bench_of(room, "E3", "N1"), tmp_path)
    assert not found and done.counts == {"digests": 0, "reused": 0}


def test_no_digests_are_made_where_their_words_are_0(room, tmp_path):
    config = room.config_file.read_text()
    room.config_file.write_text(config.replace("[generate]\n", "[generate]\ndigest_words = 0\n"))
    assert made(bench_of(room, "E1"), tmp_path)[0] == {}
