from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.config.generate import ChoiceWeights
from broadsheet.generate.stories.choice import Chooser, Question, copied
from broadsheet.generate.stories.drafts import Draft

NOTHING = ChoiceWeights(interest=0, article=0, expected=0, fluency=0, length=0, publisher=0, own_words=0)
VECTORS = {"space news": [1.0, 0.0], "sport news": [0.0, 1.0], "lead of both": [0.8, 0.6], "sport": [0.0, 1.0]}


def drafts(*texts, method="gpt"):
    return [Draft(text, method) for text in texts]


BOTH = Question(drafts("space news", "sport news"), "lead of both", "prompt", 2)


def encode(texts):
    return np.array([VECTORS.get(text, [0.0, 0.0]) for text in texts], np.float32)


def chosen(question, likelihood=None, **weights):
    return Chooser(encode, replace(NOTHING, **weights), likelihood)([question])[0]


def test_the_text_most_like_the_article_is_chosen():
    assert chosen(BOTH, article=1) == 0


def test_an_interest_chooses_the_text_that_is_like_it():
    assert chosen(replace(BOTH, interest="sport"), interest=1, article=1) == 1
    assert chosen(BOTH, interest=1, article=1) == 0


def test_the_likelier_text_is_the_more_fluent_one():
    asked = []

    def likelihood(texts, prompts):
        asked.append((texts, prompts))
        return [-6.0, -2.0]

    assert chosen(BOTH, likelihood, fluency=1) == 1
    assert asked == [(["space news", "sport news"], ["prompt", "prompt"])]
    assert chosen(BOTH, fluency=1) == 0


def test_fluency_is_read_of_the_two_best_by_all_else():
    texts = ["one two three", "one", "one two three four", "one two", "one two three four five six"]
    asked = []

    def likelihood(texts, prompts):
        asked.append((texts, prompts))
        return [-6.0, -2.0]

    question = Question(drafts(*texts), "", "prompt", 3)
    assert chosen(question, likelihood, length=1, fluency=1) == 2  # 2/3 + 0.75 to 1 + 0.25
    assert asked == [(["one two three", "one two three four"], ["prompt"] * 2)]


def test_fluency_is_read_with_each_questions_own_prompt_and_only_where_it_can_decide():
    asked = []

    def likelihood(texts, prompts):
        asked.append((texts, prompts))
        return [-8.0, 0.0] * (len(texts) // 2)

    alone = Question(drafts("sport news"), "", "alone", 2)
    other = replace(BOTH, drafts=drafts("sport news", "space news"), prompt="other")  # 0.6 and 0.8 by the article
    choose = Chooser(encode, replace(NOTHING, article=1, fluency=0.25), likelihood)
    assert choose([BOTH, alone, other]) == [1, 0, 0]
    assert asked == [(["space news", "sport news", "space news", "sport news"], ["prompt", "prompt", "other", "other"])]
    asked.clear()
    assert Chooser(encode, replace(NOTHING, article=1, fluency=0.15), likelihood)([BOTH, alone, other]) == [0, 0, 1]
    assert asked == []


def test_a_text_whose_likelihood_is_not_known_or_beyond_bounds_is_not_fluent():
    assert chosen(BOTH, lambda texts, prompts: [float("nan"), -7.9], fluency=1) == 1
    assert chosen(BOTH, lambda texts, prompts: [-1000.0, -7.9], fluency=1) == 1


def test_no_likelihood_is_asked_where_fluency_counts_for_nothing():
    assert chosen(BOTH, lambda texts, prompts: pytest.fail("asked"), article=1) == 0


def test_the_text_most_like_all_that_was_drafted_is_chosen():
    question = replace(BOTH, written=["space news", "sport", "sport", "sport"])
    assert chosen(question, expected=1) == 1
    assert chosen(BOTH, expected=1) == 0


def test_an_article_is_its_lead_and_the_mean_of_its_first_sentences():
    assert chosen(replace(BOTH, sentences=["sport", "sport"]), article=1) == 1
    assert chosen(replace(BOTH, sentences=["nowhere"]), article=1) == 0


def test_the_text_of_the_best_length_is_chosen():
    texts = ["one", "one two three four five", "one two three"]
    assert [chosen(Question(drafts(*texts), "", "", best), length=1) for best in (1, 3, 5)] == [0, 2, 1]


def test_the_publishers_own_words_have_an_advantage():
    question = replace(BOTH, drafts=[*drafts("space news"), *drafts("sport news", method="original")])
    assert chosen(question, publisher=0.3, article=1) == 1  # 0.6 + 0.3 to 0.8
    assert chosen(question, publisher=0.1, article=1) == 0


def test_qualities_are_those_computed_by_hand():
    found = Chooser(encode, ChoiceWeights(), lambda texts, prompts: [-2.0, float("nan")]).qualities([BOTH])
    assert {name: values.tolist() for name, values in found.items()} == {
        "article": pytest.approx([0.8, 0.6]),
        "interest": [0, 0],
        "expected": [0, 0],
        "length": [1, 1],
        "publisher": [0, 0],
        "own_words": [1, 1],
    }


def test_the_qualities_of_several_questions_stand_one_behind_the_other():
    told = replace(
        BOTH,
        interest="sport",
        sentences=["sport", "space news", "sport"],
        written=["sport", "space news", "sport", "x"],
    )
    found = Chooser(encode, ChoiceWeights()).qualities([BOTH, told])
    # The sentences' mean is (1/3, 2/3), of length 0.745; with the lead (0.8 + 0.447, 0.6 + 0.894), of length 1.946.
    assert found["article"] == pytest.approx([0.8, 0.6, 0.6407, 0.7678], abs=1e-4)
    assert found["interest"].tolist() == [0, 0, 0, 1]
    assert found["expected"].tolist() == [0, 0, 0.25, 0.5]


def test_several_questions_are_answered_each_by_its_own_texts():
    questions = [replace(BOTH, interest="sport"), Question(drafts("sport news"), "lead of both", "", 2), BOTH]
    assert Chooser(encode, replace(NOTHING, interest=1, article=0.1))(questions) == [1, 0, 0]
    assert Chooser(encode, ChoiceWeights())([]) == []


def test_without_any_weight_the_first_text_is_chosen():
    assert chosen(BOTH) == 0


def test_the_name_says_which_weights_chose():
    assert Chooser(encode, ChoiceWeights()).name == Chooser(encode, ChoiceWeights()).name
    assert Chooser(encode, ChoiceWeights()).name != Chooser(encode, NOTHING).name


def test_what_is_copied_is_the_longest_run_of_the_sources_words():
    assert copied("The plant will close in May", "Veltra said the plant will close soon, in May") == 4 / 6
    assert copied("", "anything") == copied("words", "") == 0
    assert copied("its own words", "its own words and more") == 1
    often = " ".join(f"the {number}" for number in range(200))
    assert copied("the the dog", f"{often} the the") == 2 / 3, "the most frequent words count too"


@given(st.text("ab ", max_size=30), st.text("ab ", max_size=30))
def test_the_copied_share_is_at_most_1_and_that_of_a_part_is_1(text, source):
    assert 0 <= copied(text, source) <= 1
    assert copied(text, f"{text} {source}") == (1 if text.strip() else 0)


def test_an_interest_is_read_as_a_query_where_the_encoder_reads_queries_in_another_way():
    def ask(texts):
        return encode([{"football": "sport"}.get(text, text) for text in texts])

    questions = [replace(BOTH, interest="football"), BOTH]
    choose = Chooser(encode, replace(NOTHING, interest=1), ask=ask)
    assert choose.qualities(questions)["interest"].tolist() == [0, 1, 0, 0]
    assert choose(questions) == [1, 0]
