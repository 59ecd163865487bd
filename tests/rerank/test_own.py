import numpy as np
import pytest

from broadsheet.errors import ConfigError, OwnPartError
from broadsheet.own_parts import OwnParts, OwnSignal
from broadsheet.rerank import Policy, Reranker
from broadsheet.rerank.signals import _warn
from broadsheet.tables.own_scores import own_column, own_scores
from tests.rerank.test_reranker import EYE, WEIGHTS, candidates_table, make_catalogue
from tests.support.stage_contract import OfTables, users_table

USERS = users_table({"user_id": "u"})
CANDIDATES = candidates_table(("u", {f"N{number}": {"popularity": 0.1 * number} for number in (3, 2, 1)}))


def reranker(own, **policy):
    catalogue = make_catalogue(EYE)
    made = Reranker(
        catalogue, None, depth=9, reads=9, history=5, headlines=1, policy=Policy(**policy), weights=WEIGHTS, own=own
    )
    return OfTables(made, catalogue)


def signal(reason="", weight=10.0):
    return OwnParts(signals={"near": OwnSignal(lambda reader, articles, as_of: [], weight, reason)})


def with_near(values):
    place = CANDIDATES.column_names.index("own")
    return CANDIDATES.set_column(place, CANDIDATES.schema.field("own"), own_column({"near": np.array(values)}, 3))


def test_an_own_signal_counts_by_its_weight_stands_in_its_column_and_gives_the_reason():
    table = reranker(signal("Because it is near."))(USERS, with_near([0.0, np.nan, 1.0]))
    assert table["news_id"].to_pylist()[0] == "N1" and table["reason"].to_pylist()[0] == "Because it is near."
    by_id = dict(zip(table["news_id"].to_pylist(), own_scores(table["own"], "near").tolist(), strict=True))
    assert by_id["N3"] == 0.0 and by_id["N1"] == 1.0 and np.isnan(by_id["N2"])
    plain = reranker(signal())(USERS, with_near([0.0, 0.0, 1.0]))
    assert plain["reason"].to_pylist()[0] == "Because of this site’s “near”."


def test_an_own_signal_that_cannot_be_known_is_absent_and_no_reason_for_a_warning(caplog):
    _warn.cache_clear()
    reranker(signal())(USERS, with_near([0.0, np.nan, 1.0]))
    assert not caplog.messages


def test_a_reason_that_names_what_is_not_known_is_refused():
    with pytest.raises(ConfigError, match=r"own signal near: reason .* names \{mood\}; expected category, day"):
        reranker(signal("Because of your {mood}."))


def test_an_own_re_ranker_takes_the_place_of_the_weights_and_reads_texts_and_signals():
    def by_title(reader, candidates):
        assert candidates["popularity"].to_pylist() == pytest.approx([0.3, 0.2, 0.1]) and reader.user_id == "u"
        return [float(title == "Title 2") for title in candidates["title"].to_pylist()]

    table = reranker(OwnParts(reranker=by_title), diversity=0.0)(USERS, CANDIDATES)
    assert table["news_id"].to_pylist()[0] == "N2" and table["fused"].to_pylist() == [1.0, 0.0, 0.0]


def test_a_wrong_return_of_a_re_ranker_names_it():
    with pytest.raises(OwnPartError, match=r"^own re-ranker \(.*\) returned None at place 0, expected a finite number"):
        reranker(OwnParts(reranker=lambda reader, candidates: [None, 1.0, 1.0]))(USERS, CANDIDATES)
