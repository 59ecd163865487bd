from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from broadsheet.corpus.catalogue import extend, make_catalogue
from broadsheet.errors import ContractError
from broadsheet.tables.arrow_files import epoch_seconds
from broadsheet.tables.fields import TIME
from broadsheet.tables.schemas import news_vectors
from broadsheet.tables.vectors import vectors_to_arrow
from tests.support.stage_contract import NOON, catalogue_of, news_table


def vectors_for(news, dim=2):
    vectors = vectors_to_arrow(np.ones((len(news), dim), np.float32))
    return pa.table([news["news_id"], news["content_hash"], vectors], schema=news_vectors(dim))


def test_articles_are_found_by_id_and_row():
    catalogue = catalogue_of([[3, 4], [0, 2]], category=["sports", ""], published_at=[NOON, None])
    assert len(catalogue) == 2 and catalogue.row_of == {"N0": 0, "N1": 1}
    assert catalogue.rows(["N1", "GONE", "N0", "N1"]) == [1, 0, 1]
    assert catalogue.ids([1, 0, 1]).to_pylist() == ["N1", "N0", "N1"] and catalogue.ids([]).to_pylist() == []
    assert catalogue.vectors.whole().tolist() == [pytest.approx([0.6, 0.8]), [0, 1]]
    assert catalogue.category.tolist() == ["sports", ""]
    assert catalogue.published_at[0] == NOON.timestamp() and np.isnan(catalogue.published_at[1])


@pytest.mark.parametrize("other", [news_table(2), news_table(3).take(pa.array([1, 0, 2]))], ids=["fewer", "order"])
def test_vectors_of_other_articles_or_in_another_order_are_refused(other):
    news = news_table(3)
    with pytest.raises(ContractError, match=r"news has 3 articles, news_vectors \d, and they differ .* Build again"):
        make_catalogue(news, vectors_for(other))


def test_files_of_several_chunks_are_joined_as_one():
    news = pa.concat_tables([news_table(5).slice(0, 2), news_table(5).slice(2, 3)])
    catalogue = make_catalogue(news, vectors_for(news_table(5)))
    assert catalogue.ids([4, 1]).to_pylist() == ["N4", "N1"]


def test_times_keep_their_microseconds_and_may_lie_far_ahead():
    moments = [datetime(2024, 5, 1, 12, 0, 0, 123457, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC), None]
    seconds = epoch_seconds(pa.chunked_array([pa.array(moments, TIME)]))
    assert seconds[:2].tolist() == [moments[0].timestamp(), moments[1].timestamp()] and np.isnan(seconds[2])


def test_names_are_numbered_once_and_articles_added_later_keep_the_numbers():
    catalogue = catalogue_of(np.eye(4), category=["sports", "", "politics", "sports"], source=["A", "A", "", "B"])
    categories = catalogue.names["category"]
    assert categories.names == ("sports", "politics", "") and categories.numbers.tolist() == [0, -1, 1, 0]
    assert [categories.names[number] for number in categories.numbers] == ["sports", "", "politics", "sports"]
    late = news_table(3, category=["science", "politics", ""]).set_column(0, "news_id", [["L0", "L1", "N2"]])
    more = extend(catalogue, late.cast(news_table(1).schema), np.eye(4, dtype=np.float32)[:3], ())
    assert more.names["category"].names == ("sports", "politics", "science", "")
    assert more.names["category"].numbers.tolist() == [0, -1, 1, 0, 2, 1, -1]
    assert more.names["source"].numbers.tolist() == [0, 0, -1, 1, -1, -1, -1]
