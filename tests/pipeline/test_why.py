import pytest

from broadsheet.errors import InputError
from broadsheet.pipeline import Pipeline
from broadsheet.pipeline.why import why


@pytest.fixture(scope="module")
def pipeline(built):
    return Pipeline.open(built.path)


@pytest.fixture(scope="module")
def page(pipeline):
    return pipeline.run("fan", 5)


def test_the_rank_and_the_reason_are_those_of_the_page(pipeline, page):
    for story in page.stories.to_pylist():
        found = why(pipeline, "fan", story["news_id"], 5)
        assert (found.rank, found.reason, found.because_news_id) == (
            story["rank"],
            story["reason"],
            story["because_news_id"],
        )


def test_lifts_sum_to_the_score_above_the_mean_and_come_largest_first(pipeline, page):
    first, last = (why(pipeline, "fan", news_id, 5) for news_id in page.stories["news_id"].to_pylist()[::4])
    lifts = [one.lift for one in first.signals]
    assert lifts == sorted(lifts, reverse=True)
    assert sum(one.lift for one in first.signals) - sum(one.lift for one in last.signals) == pytest.approx(
        first.fused - last.fused, abs=1e-5
    )


def test_a_change_moves_the_article_as_the_page_after_that_change_shows(pipeline):
    news_id = pipeline.run("voter", 5).stories["news_id"][0].as_py()
    moves = why(pipeline, "voter", news_id, 5).moves
    by_change = {(move.change, move.value): move.rank for move in moves}
    assert by_change["hide", news_id] is None
    assert by_change["mute", "politics"] is None
    for forgotten in ("N1", "N4", "N7"):
        read = [one for one in ("N1", "N4", "N7") if one != forgotten]
        after = pipeline.run_session(read, k=12).stories["news_id"].to_pylist()
        assert by_change["forget read", forgotten] == (after.index(news_id) + 1 if news_id in after else None)


def test_an_article_that_the_reader_hid_has_no_rank_and_no_reason(pipeline):
    found = why(pipeline, "fan", "N9", 5)
    assert (found.rank, found.reason, found.signals) == (None, "", [])


def test_of_a_reader_without_a_history_no_read_article_can_be_forgotten(pipeline):
    changes = {move.change for move in why(pipeline, "nobody", "N40", 5).moves}
    assert "forget read" not in changes
    assert "forget history" not in changes
    assert "mute" in changes


def test_an_unknown_article_and_a_wrong_k_are_input_errors(pipeline):
    with pytest.raises(InputError, match="expected the id of an article of the edition"):
        why(pipeline, "fan", "no such article")
    with pytest.raises(InputError, match="k: found 0"):
        why(pipeline, "fan", "N1", 0)
