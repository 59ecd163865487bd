"""Answers in languages that have no blanks between words, and by an encoder whose vectors have a centre taken off."""

from types import SimpleNamespace

import numpy as np
import pytest

from broadsheet.generate.extracts.answer import ALIKE_CENTRED, is_match, share_of, words_asked
from broadsheet.models.sentence_recipe import SentenceRecipe
from broadsheet.pages.ask import answer_request
from tests.generate.extracts.test_answer import news_table, ranked_table


def test_words_of_a_script_without_blanks_are_shared_by_their_pairs_of_characters():
    wanted = words_asked("加州野火 iPhone")
    assert wanted == {"加州", "州野", "野火", "iphon"}
    assert share_of(wanted, "消防直升機與加州的野火作戰") == 2 / 4
    assert share_of(wanted, "香港抗議") == 0
    assert share_of(words_asked("สภาพอากาศ"), "สภาพอากาศวันนี้") == 1


def test_a_chinese_request_of_some_likeness_matches_by_the_pairs_that_it_shares():
    assert is_match(0.4, share_of(words_asked("加州野火"), "加州的野火"))
    assert not is_match(0.4, share_of(words_asked("加州野火"), "加州的天氣"))


def test_an_encoder_with_a_centre_needs_less_likeness_for_a_match_without_words():
    assert is_match(0.55, 0, ALIKE_CENTRED) and not is_match(0.55, 0)
    assert not is_match(0.49, 0, ALIKE_CENTRED)


class Tower:
    """A news tower whose vectors make every text alike to every request by 0.55."""

    def __init__(self, centre):
        self.recipe = SentenceRecipe(centre=centre)

    def __call__(self, texts):
        return np.array([[0.55, np.sqrt(1 - 0.55**2)]] * len(texts), np.float32)

    def queries(self, texts):
        return np.array([[1.0, 0.0]] * len(texts), np.float32)


@pytest.mark.parametrize(("centre", "found"), [((), False), ((0.1, 0.2), True)])
def test_a_page_asks_for_the_likeness_of_its_encoder(centre, found):
    catalogue = SimpleNamespace(news=news_table("Heavy rain closed the coastal road near Lindau on Monday."))
    assert answer_request("strikket sweater", ranked_table(0.5), catalogue, Tower(centre)).found is found
