from broadsheet.evaluation.pages.new_stories import different_reasons


def test_reasons_that_differ_in_the_day_alone_are_one_reason_and_only_the_page_counts():
    said = ["Because it is new: published on 1 May 2024.", "Because it is new: published on 2 May 2024.", "Because …"]
    rows = [{"user_id": "a", "rank": rank, "reason": reason} for rank, reason in enumerate(said, 1)]
    rows += [{"user_id": "a", "rank": 11, "reason": "beyond the page"}, {"user_id": "b", "rank": 1, "reason": "one"}]
    assert different_reasons(rows) == 1.5  # two of a, one of b
    assert different_reasons([]) == 0.0
