import hashlib
import tracemalloc

import numpy as np
import pyarrow as pa
import pytest

from broadsheet.retrieval import encode_news, news_text
from broadsheet.retrieval.towers.encoding import BLOCK
from broadsheet.tables.arrow_files import read_stamp, read_table, write_table
from broadsheet.tables.schemas import news_vectors
from broadsheet.tables.vectors import vectors_to_numpy
from tests.support.stage_contract import news_table, unit

COUNT = 2 * BLOCK + 10
SCHEMA = news_vectors(4)


class Encode:
    """An encoder whose vectors depend on the text alone; it counts texts, and breaks off after `breaks` texts."""

    def __init__(self, breaks=None):
        self.texts, self.breaks = 0, breaks

    def __call__(self, texts):
        if self.breaks is not None and self.texts + len(texts) > self.breaks:
            raise KeyboardInterrupt
        self.texts += len(texts)
        digests = [hashlib.sha256(text.encode()).digest()[:4] for text in texts]
        return unit(np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 4).astype(np.float32) + 1)


def encode(news, out, encoder, **options):
    options = {"dim": 4, "fingerprint": "m1", **options}
    return encode_news(news, out, encoder, **options)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "news_vectors.arrow"


@pytest.mark.parametrize(
    ("article", "text"),
    [
        (("A title.", " Its teaser ", "sports"), "A title. Its teaser. sports"),
        (("A title", "", "sports"), "A title. sports"),
        (("Is it?", "", ""), "Is it?"),
    ],
)
def test_the_tower_reads_title_abstract_and_category(article, text):
    assert news_text(*article) == text


def test_vectors_follow_the_news_and_carry_the_model(out):
    news = news_table(COUNT)
    report = encode(news, out, Encode())
    assert (report.encoded, report.reused) == (COUNT, 0)
    table = read_table(out, SCHEMA, model="m1")
    assert table["news_id"].equals(news["news_id"]) and table["content_hash"].equals(news["content_hash"])
    expected = Encode()([news_text(title, "", "") for title in news["title"].to_pylist()])
    assert np.array_equal(vectors_to_numpy(table), expected)
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def test_no_news_make_an_empty_file(out):
    assert encode(news_table(0), out, Encode()).encoded == 0
    assert len(read_table(out, SCHEMA, model="m1")) == 0


def test_an_encoding_that_broke_off_goes_on_where_it_was(out):
    news = news_table(COUNT)
    with pytest.raises(KeyboardInterrupt):
        encode(news, out, Encode(breaks=BLOCK + 5))
    assert not out.exists()
    again = Encode()
    report = encode(news, out, again)
    assert (report.encoded, report.reused) == (COUNT - BLOCK, BLOCK) and again.texts == COUNT - BLOCK
    whole = out.with_name("whole.arrow")
    encode(news, whole, Encode())
    assert read_table(out, SCHEMA).equals(read_table(whole, SCHEMA))
    assert not out.with_suffix(".parts").exists()


def test_it_may_break_off_again_and_again(out):
    news = news_table(COUNT)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            encode(news, out, Encode(breaks=BLOCK))
    report = encode(news, out, Encode())
    assert (report.encoded, report.reused) == (COUNT - 2 * BLOCK, 2 * BLOCK)


def test_parts_of_another_model_and_damaged_parts_are_not_taken_over(out):
    news = news_table(COUNT)
    with pytest.raises(KeyboardInterrupt):
        encode(news, out, Encode(breaks=BLOCK))
    with pytest.raises(KeyboardInterrupt):
        encode(news, out, Encode(breaks=BLOCK), fingerprint="m2")
    parts = sorted(out.with_suffix(".parts").iterdir())
    assert len(parts) == 2
    parts[1].write_bytes(parts[1].read_bytes()[:-200])
    report = encode(news, out, Encode(), fingerprint="m2")
    assert (report.encoded, report.reused) == (COUNT, 0)


def test_vectors_are_taken_over_where_content_and_model_are_the_same(out, tmp_path):
    # N1 changed, N5 is new, N4 went, and the order is another.
    news = news_table(6, content_hash=["a", "changed", "c", "d", "e", "f"])
    old = news_table(5, content_hash=["a", "b", "c", "d", "e"])
    encode(old, tmp_path / "old.arrow", Encode())
    news = news.take(pa.array([3, 5, 0, 1, 2]))
    encoder = Encode()
    report = encode(news, out, encoder, earlier=[tmp_path / "old.arrow"])
    assert (report.encoded, report.reused) == (2, 3) and encoder.texts == 2
    table = read_table(out, SCHEMA, model="m1")
    assert table["news_id"].to_pylist() == ["N3", "N5", "N0", "N1", "N2"]
    former = vectors_to_numpy(read_table(tmp_path / "old.arrow", SCHEMA))
    assert np.array_equal(vectors_to_numpy(table)[[0, 2, 4]], former[[3, 0, 2]])


def test_the_file_itself_may_be_the_known_one(out):
    encode(news_table(3), out, Encode())
    report = encode(news_table(4), out, Encode(), earlier=[out])
    assert (report.encoded, report.reused) == (1, 3) and len(read_table(out, SCHEMA)) == 4


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_several_known_files_the_last_that_has_the_content_counts(out, tmp_path, order):
    files = [tmp_path / "first.arrow", tmp_path / "second.arrow"]
    for number, file in enumerate(files):
        news = news_table(BLOCK + 3, title=[f"{number} {row}" for row in range(BLOCK + 3)])
        encode(news, file, Encode())
    known = [files[number] for number in order]
    encode(news_table(BLOCK + 3), out, Encode(breaks=0), earlier=known)
    last = vectors_to_numpy(read_table(known[-1], SCHEMA))
    assert np.array_equal(vectors_to_numpy(read_table(out, SCHEMA)), last)


def test_memory_does_not_grow_with_the_news(out):
    def peak(length):
        news = news_table(length)
        tracemalloc.start()
        encode(news, out, Encode())
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(8 * BLOCK) < 1.2 * peak(2 * BLOCK)


def cut(path):
    path.write_bytes(path.read_bytes()[:300])


def stamp_another(path):
    write_table(path, read_table(path, SCHEMA), SCHEMA, model="m2")


def widen(path):
    encode_news(news_table(3), path, lambda texts: unit(np.ones((len(texts), 8))), dim=8, fingerprint="m1")


@pytest.mark.parametrize("damage", [cut, stamp_another, widen, lambda path: path.unlink()])
def test_a_known_file_that_is_damaged_or_of_another_model_is_no_source(out, tmp_path, damage):
    known = tmp_path / "known.arrow"
    encode(news_table(3), known, Encode())
    damage(known)
    report = encode(news_table(3), out, Encode(), earlier=[known])
    assert (report.encoded, report.reused) == (3, 0) and read_stamp(out)["model"] == "m1"
