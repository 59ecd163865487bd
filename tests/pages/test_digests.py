from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from broadsheet.corpus.catalogue import extend, make_catalogue
from broadsheet.errors import ContractError
from broadsheet.pages.digests import Digests, read_digests
from broadsheet.pipeline import Pipeline
from broadsheet.readers.mutes import NO_MUTES, Mutes
from broadsheet.readers.state import reader_states
from broadsheet.tables.arrow_files import from_rows, read_table, write_table
from broadsheet.tables.live_schemas import MUTES
from broadsheet.tables.schemas import DIGESTS, NEWS, RANKED, USERS, news_vectors
from broadsheet.tables.vectors import vectors_to_arrow
from tests.support.manifests import take_as_built

NOW = datetime(2017, 2, 13, tzinfo=UTC)
DIGEST = {
    "news_id": "A",
    "news_ids": ["A", "B", "C"],
    "content_hashes": ["hash A", "hash B", "hash C"],
    "sentences": [
        {"text": "The dam failed.", "part": "happened", "news_ids": ["A", "B"]},
        {"text": "“Run,” said Croyle.", "part": "says", "news_ids": ["B"]},
        {"text": "It was built in 1968.", "part": "background", "news_ids": ["C"]},
    ],
    "made_of": "0123456789abcdef",
}


def news_table(*rows):
    empty = dict.fromkeys(["abstract", "body", "subcategory", "language", "content_hash"], "")
    return from_rows([empty | row for row in rows], NEWS)


def article(name, **changes):
    return {
        "news_id": name,
        "title": f"Title {name}",
        "category": f"section {name}",
        "source": f"Outlet {name}",
        "url": f"https://e.example/{name}",
        "published_at": NOW,
        "content_hash": f"hash {name}",
        **changes,
    }


@pytest.fixture
def catalogue():
    news = news_table(*map(article, "ABCD"))
    vectors = vectors_to_arrow(np.eye(4, dtype=np.float32))
    columns = [news["news_id"], news["content_hash"], vectors]
    return make_catalogue(news, pa.table(columns, schema=news_vectors(4)))


def shown(catalogue, mutes=NO_MUTES, hidden=(), digest=DIGEST):
    """What a page of the articles A and D shows to the reader U."""
    rows = [
        {"user_id": "U", "news_id": name, "rank": rank, "score": 0, "fused": 0, "reason": ""}
        for rank, name in ((1, "A"), (2, "D"))
    ]
    users = from_rows([{"user_id": "U", "history": [], "profile": "", "hidden": list(hidden)}], USERS)
    readers = reader_states(users, catalogue, mutes)
    return Digests(from_rows([digest], DIGESTS)).of_pages(from_rows(rows, RANKED), readers, catalogue)


def test_a_story_has_the_digest_that_is_stored_for_its_article_and_another_has_none(catalogue):
    found = shown(catalogue)
    assert list(found) == [("U", "A")]
    assert found["U", "A"]["sentences"] == DIGEST["sentences"] and found["U", "A"]["news_ids"] == ["A", "B", "C"]
    assert found["U", "A"]["articles"][1] == {
        "news_id": "B",
        "title": "Title B",
        "source": "Outlet B",
        "url": "https://e.example/B",
    }


def without_c(found):
    digest = found["U", "A"]
    return digest["news_ids"] == ["A", "B"] and [one["part"] for one in digest["sentences"]] == ["happened", "says"]


def muting(**muted):
    return Mutes(from_rows([{"user_id": "U", "categories": [], "sources": [], **muted}], MUTES))


@pytest.mark.parametrize("muted", [{"sources": ["Outlet C"]}, {"categories": ["section C"]}])
def test_nothing_of_what_a_reader_muted_or_hid_is_in_a_digest(catalogue, muted):
    assert without_c(shown(catalogue, muting(**muted)))
    assert without_c(shown(catalogue, hidden=["C"]))


def test_nothing_of_what_was_withdrawn_or_rewritten_since_is_in_a_digest(catalogue):
    none, vectors = news_table(), np.zeros((0, 4), np.float32)
    assert without_c(shown(extend(catalogue, none, vectors, ["C"])))
    rewritten = news_table(article("C", content_hash="hash of another text"))
    assert without_c(shown(extend(catalogue, rewritten, np.eye(4, dtype=np.float32)[:1], [])))


@pytest.mark.parametrize("gone", ["A", "B"])
def test_a_digest_of_which_too_little_is_left_is_left_out(catalogue, gone):
    left = {**DIGEST, "sentences": DIGEST["sentences"][:2]}
    assert not shown(catalogue, hidden=[gone], digest=left)


def test_a_digest_without_what_happened_is_left_out(catalogue):
    happened = [{**DIGEST["sentences"][0], "news_ids": ["C"]}, *DIGEST["sentences"][1:]]
    assert shown(catalogue, digest={**DIGEST, "sentences": happened})
    assert not shown(catalogue, hidden=["C"], digest={**DIGEST, "sentences": happened})


def test_an_edition_of_before_there_were_digests_opens_and_its_pages_have_none(copy):
    edition = copy.current()
    manifest = edition.read_manifest()
    edition.digests.unlink()
    with pytest.raises(ContractError, match=r"digests\.arrow: no such file"):
        read_digests(edition)
    del manifest["files"]["digests.arrow"]
    from broadsheet.newsroom.manifest import write_manifest
    from broadsheet.nightly.verify import verify_edition

    write_manifest(edition.manifest, manifest)
    assert not len(read_digests(edition)) and verify_edition(edition) == []
    page = Pipeline.open(copy.path).run("fan", 3)
    assert page.stories.column("digest").null_count == 3 and page.to_dict()["stories"][0]["digest"] is None


def test_a_damaged_table_stops_the_opening_with_its_name(copy):
    content = copy.current().digests.read_bytes()
    copy.current().digests.write_bytes(content[:-9])
    with pytest.raises(ContractError, match=r"digests\.arrow: SHA-256 is .*Run `broadsheet rollback`"):
        Pipeline.open(copy.path)


def test_a_page_of_an_edition_shows_the_digest_that_is_stored_in_it(copy):
    edition = copy.current()
    news_ids = Pipeline.open(copy.path).run("fan", 2).stories["news_id"].to_pylist()
    news = {row["news_id"]: row for row in read_table(edition.news, NEWS).to_pylist()}
    sentences = [
        {"text": f"Sentence {part}.", "part": part, "news_ids": [name]}
        for part, name in zip(["happened", "says"], news_ids, strict=True)
    ]
    row = {"news_id": news_ids[0], "news_ids": news_ids, "sentences": sentences, "made_of": ""}
    row["content_hashes"] = [news[name]["content_hash"] for name in news_ids]
    write_table(edition.digests, from_rows([row], DIGESTS), DIGESTS)
    take_as_built(edition)
    room = Pipeline.open(copy.path)
    first, second = room.run("fan", 2).to_dict()["stories"]
    assert first["digest"]["sentences"] == sentences and first["digest"]["news_ids"] == news_ids
    assert second["digest"] is None
    room.withdraw([news_ids[1]])
    assert room.run("fan", 1).to_dict()["stories"][0]["digest"] is None
