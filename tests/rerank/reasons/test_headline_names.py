import pytest

from broadsheet.rerank.reasons.headline_names import headline, shared_names

READ = ["Why Leicester City sacked Claudio Ranieri", "Fans of Leicester City mourn their coach"]


def names_of(story, read):
    ((name, there),) = shared_names([story], read)
    return name, there


def test_a_name_is_what_two_headlines_read_and_the_story_have():
    assert names_of("New coach for Leicester City", READ) == ("Leicester City", [True, True])
    assert names_of("Claudio Ranieri writes a book", READ) == ("", [False, False])


def test_the_same_headline_twice_is_one():
    assert names_of("New coach for Leicester City", READ[:1] * 2) == ("", [False, False])


@pytest.mark.parametrize("story", ["The White House is painted", "A White House Is Painted Again"])
def test_a_part_of_a_longer_name_is_another_name(story):
    read = ["Bill fails in the House today", "What the House of today says"]
    assert names_of(story, read)[0] == ""
    assert names_of("Votes in the House are counted", read)[0] == "House"


def test_a_headline_in_capitals_says_nothing_of_names_but_may_hold_a_known_name():
    assert not headline("How Leicester City Lost Their Best Coach").names
    assert names_of("How Leicester City Lost Their Best Coach", READ)[0] == "Leicester City"


def test_months_days_and_first_words_are_no_names():
    assert not headline("Yesterday it rained, and on Monday in March too").names
    assert headline("Brexit: Europe waits for May and the EU").names == {("EU",)}


def test_a_headline_without_words_has_no_names():
    assert names_of("…", ["", "?!"]) == ("", [False, False])
