"""Parts of a folder of MIND, and the keys of its impressions."""

import gzip
import json
from datetime import datetime

import pytest

from broadsheet.errors import InputError
from broadsheet.evaluation.mind.parts import (
    describe,
    impression_key,
    impressions,
    keep_articles,
    last_day,
    read_subset,
    split_by_time,
)

LINES = [
    b"1\tU1\t11/13/2019 11:59:59 PM\tN1 N2\tN3-1 N4-0\n",
    b"2\tU2\t11/14/2019 12:00:00 AM\t\tN5-0 N6-1\n",
    b"3\tU3\t11/14/2019 1:05:00 PM\tN1\tN3-0 N4-1\n",
]


@pytest.fixture
def folder(tmp_path):
    mind = tmp_path / "MINDsmall_train"
    mind.mkdir()
    (mind / "news.tsv").write_bytes(b"N1\tsports\t\tA title\t\t\t\t\n")
    (mind / "behaviors.tsv").write_bytes(b"".join(LINES))
    return mind


def test_the_last_day_is_the_later_part(folder, tmp_path):
    moment = last_day(impressions(folder))
    assert moment == datetime(2019, 11, 14)
    assert split_by_time(folder, impressions(folder), moment, tmp_path / "out") == {"before": 1, "after": 2}
    assert (tmp_path / "out/before/behaviors.tsv").read_bytes() == LINES[0]
    assert (tmp_path / "out/after/behaviors.tsv").read_bytes() == LINES[1] + LINES[2]
    assert (tmp_path / "out/after/news.tsv").read_bytes() == (folder / "news.tsv").read_bytes()


def test_the_articles_that_are_kept_were_shown_or_read_last(folder, tmp_path):
    (folder / "news.tsv").write_bytes(b"".join(b"N%d\tsports\t\tA title\t\t\t\t\n" % number for number in range(7)))
    assert keep_articles(folder, 4, tmp_path / "out") == 4
    kept = (tmp_path / "out/news.tsv").read_bytes().splitlines()
    assert [line[:2] for line in kept] == [b"N1", b"N3", b"N4", b"N6"]  # by the third impression, and N6 before N5
    assert (tmp_path / "out/behaviors.tsv").read_bytes() == b"".join(LINES)
    with pytest.raises(InputError, match="names 6 articles, expected 7"):
        keep_articles(folder, 7, tmp_path / "out")


def test_a_key_is_the_same_for_other_ids_users_times_and_orders_and_another_for_another_click():
    assert impression_key(LINES[0]) == impression_key(b"9\tX\t11/15/2019 1:00:00 PM\tN2 N1\tN4-0 N3-1")
    assert len({impression_key(line) for line in LINES}) == 3
    assert impression_key(LINES[0]) != impression_key(LINES[0].replace(b"N3-1 N4-0", b"N3-0 N4-1"))


def test_a_subset_that_was_described_is_found_again_in_the_whole_set(folder, tmp_path):
    (tmp_path / "part").mkdir()
    (tmp_path / "part/news.tsv").write_bytes((folder / "news.tsv").read_bytes())
    (tmp_path / "part/behaviors.tsv").write_bytes(LINES[2] + LINES[0])
    described = describe({"train": tmp_path / "part"})
    assert described["files"]["train/behaviors.tsv"]["rows"] == 2
    (tmp_path / "subset.json").write_text(json.dumps(described), "utf-8")
    assert list(impressions(folder, read_subset(tmp_path / "subset.json"))) == [LINES[0], LINES[2]]
    assert list(impressions(folder, read_subset(tmp_path / "subset.json"), limit=1)) == [LINES[0]]


def test_a_packed_file_of_impressions_is_read_too(folder):
    (folder / "behaviors.tsv.gz").write_bytes(gzip.compress((folder / "behaviors.tsv").read_bytes()))
    (folder / "behaviors.tsv").unlink()
    assert list(impressions(folder)) == LINES


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "no impression is left"), (b"1\tU1\t2019-11-14\tN1\tN3-1\n", "expected a time such as")],
)
def test_impressions_that_cannot_be_split_are_named(folder, content, message):
    (folder / "behaviors.tsv").write_bytes(content)
    with pytest.raises(InputError, match=message):
        last_day(impressions(folder))


@pytest.mark.parametrize("content", ["", "[]", '{"impressions": 3}'])
def test_a_file_that_names_no_subset_is_refused(tmp_path, content):
    (tmp_path / "subset.json").write_text(content, "utf-8")
    with pytest.raises(InputError, match=r"subset\.json: cannot be read"):
        read_subset(tmp_path / "subset.json")
