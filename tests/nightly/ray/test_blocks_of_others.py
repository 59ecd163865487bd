"""Blocks that another process works off, as it is told to, leave nothing to do and change nothing."""

import pytest

from broadsheet.generate import StoryWriter, generate_files
from broadsheet.generate.stories.edition_stories import BLOCK as STORIES_AT_ONCE
from broadsheet.generate.stories.edition_stories import stories_to_write
from broadsheet.newsroom import Edition
from broadsheet.retrieval.towers.encoding import BLOCK, articles_to_encode, encode_block
from broadsheet.tables.arrow_files import from_rows, read_table, write_table
from broadsheet.tables.files import part_path, parts_of
from broadsheet.tables.schemas import NEWS, RANKED, STORIES, news_vectors
from tests.retrieval.towers.test_encoding import Encode, encode
from tests.support.stage_contract import news_table

COUNT = 2 * BLOCK + 10
M1 = {"dim": 4, "fingerprint": "m1"}


def test_articles_are_named_block_by_block_without_those_that_a_known_file_or_a_part_has(tmp_path):
    news, out = news_table(COUNT), tmp_path / "out.arrow"
    assert articles_to_encode(news, out, **M1) == [
        list(range(BLOCK)),
        list(range(BLOCK, 2 * BLOCK)),
        list(range(2 * BLOCK, COUNT)),
    ]
    encode(news.slice(0, BLOCK + 3), tmp_path / "known.arrow", Encode())
    encode(news.slice(2 * BLOCK, 4), tmp_path / "part.arrow", Encode())
    parts_of(out).mkdir()
    (tmp_path / "part.arrow").rename(part_path(parts_of(out), 5))
    rest = articles_to_encode(news, out, earlier=[tmp_path / "known.arrow"], **M1)
    assert rest == [list(range(BLOCK + 3, 2 * BLOCK)), list(range(2 * BLOCK + 4, COUNT))]
    for number, rows in enumerate(rest):
        write_table(part_path(parts_of(out), number), encode_block(news.take(rows), Encode(), dim=4), news_vectors(4))
    left = articles_to_encode(news, out, earlier=[tmp_path / "known.arrow"], **M1)
    assert len(left) == 2, "the parts do not name the model"
    for number, rows in enumerate(rest):
        table = encode_block(news.take(rows), Encode(), dim=4)
        write_table(part_path(parts_of(out), number), table, news_vectors(4), model="m1")
    idle = Encode()
    report = encode(news, out, idle, earlier=[tmp_path / "known.arrow"])
    assert (report.encoded, idle.texts) == (0, 0)
    encode(news, tmp_path / "alone.arrow", Encode())
    assert out.read_bytes() == (tmp_path / "alone.arrow").read_bytes()


def test_an_encoding_writes_over_no_part_that_it_finds_whatever_their_numbers(tmp_path):
    news, out = news_table(COUNT), tmp_path / "out.arrow"
    encode(news.slice(BLOCK, BLOCK), tmp_path / "part.arrow", Encode())
    parts_of(out).mkdir()
    (tmp_path / "part.arrow").rename(part_path(parts_of(out), 1))  # a worker that was killed had number 0
    with pytest.raises(KeyboardInterrupt):
        encode(news, out, Encode(breaks=BLOCK))
    assert articles_to_encode(news, out, **M1) == [list(range(2 * BLOCK, COUNT))]


def ranked_table(news_ids):
    rows = [
        {
            "user_id": f"U{place // 50}",
            "news_id": news_id,
            "rank": place % 50 + 1,
            "score": 0.0,
            "fused": 0.0,
            "reason": "",
        }
        for place, news_id in enumerate(news_ids)
    ]
    return from_rows([dict.fromkeys(RANKED.names) | row for row in rows], RANKED)


@pytest.fixture
def edition(tmp_path):
    """100 articles: the second reader has the first's last ten first, and 40 others."""
    edition = Edition(tmp_path / "edition")
    ids = [f"N{number}" for number in (*range(50), *range(40, 90))]
    write_table(edition.news, news_table(100), NEWS)
    write_table(edition.ranked, ranked_table(ids), RANKED)
    return edition


class Drafts:
    def __init__(self):
        self.batches = []

    def __call__(self, prompts, *, count, **_):
        self.batches.append(len(prompts))
        return [[f"Draft {number} of {len(prompts)}."] * count for number, _ in enumerate(prompts)]


def stories_of(write):
    return StoryWriter(write, method="gpt", model="0123456789abcdef", k=45)


def test_stories_are_named_by_each_articles_first_row_in_the_blocks_of_the_local_engine(edition, tmp_path):
    ranked, news = read_table(edition.ranked, RANKED), read_table(edition.news, NEWS)
    write = stories_of(Drafts())
    once = [*range(40), *range(55, 95)]  # rows 50 to 54 are N40 to N44 again; N45 is beyond the first reader's 45
    twice, ids = range(40, 45), ranked["news_id"].to_pylist()
    firsts = [*twice, *sorted(once, key=ids.__getitem__)]
    blocks = stories_to_write(write, ranked, news, edition.stories)
    assert [row for rows in blocks for row in rows] == firsts
    assert [len(block) for block in blocks] == [16, 16, 16, 16, 16, 5] and STORIES_AT_ONCE == 16
    for number, rows in enumerate(blocks):
        stories = stories_of(Drafts())(ranked.take(rows), news)
        write_table(part_path(parts_of(edition.stories), number), stories, STORIES)
    assert stories_to_write(write, ranked, news, edition.stories) == []
    idle = Drafts()
    generate_files(stories_of(idle), edition, edition.stories)
    assert idle.batches == []
    generate_files(stories_of(Drafts()), edition, tmp_path / "alone.arrow")
    assert edition.stories.read_bytes() == (tmp_path / "alone.arrow").read_bytes()
