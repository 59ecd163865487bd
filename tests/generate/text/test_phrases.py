import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.generate.text.phrases import MOST_LEFT_OUT, following, starts, words_of

SENTENCE = 'The "minister" (60) did not resign on Monday, after talks in Lindau.'
WORDS = "police said that no one will not stay in the old Lindau plant on 5 May, and a vote such as - never".split()


def texts(sentence):
    return [word.text for word in words_of(sentence)]


def ends(sentence):
    return [word.text for word in words_of(sentence) if word.to_end == 0]


def begins(sentence):
    words = words_of(sentence)
    return [words[number].text for number in starts(words)]


def followed(sentence, text):
    words = words_of(sentence)
    last = [word.text for word in words].index(text)
    return [words[number].text for number in following(words, last)]


def test_words_are_read_without_brackets_quotation_marks_and_full_stop():
    assert texts(SENTENCE) == "The minister did not resign on Monday after talks in Lindau".split()
    assert texts("") == texts(" – (so)") == []


def test_the_marks_of_money_and_shares_are_part_of_a_word():
    assert texts("Profits of $5m, or 6%, rose.") == ["Profits", "of", "$5m", "or", "6%", "rose"]


def test_a_comma_or_a_dash_is_kept_with_the_word_behind_it():
    marks = {
        word.text: word.mark for word in words_of('Veltra, a carmaker – once large – "fell," it said') if word.mark
    }
    assert marks == {"a": ",", "once": "–", "fell": "–", "it": ","}


def test_a_sentence_ends_before_a_preposition_or_a_pause_and_at_its_last_word():
    assert ends(SENTENCE) == ["resign", "Monday", "talks", "Lindau"]
    assert [word.to_end for word in words_of(SENTENCE)] == [4, 3, 2, 1, 0, 1, 0, 1, 0, 1, 0]


def test_a_sentence_never_ends_with_a_word_that_needs_the_next_one():
    assert ends("The trial in Lindau was said in court to be of the former, acting head") == ["trial", "head"]


@pytest.mark.parametrize(
    "sentence",
    [
        "Anna Berg was in danger at no point",
        "The mayor spoke of fraud without evidence",
        "Iran will attack, unless talks begin",
        "Veltra will pay Berg, not the bank",
    ],
)
def test_a_sentence_does_not_end_before_what_turns_it_round(sentence):
    assert ends(sentence)[-1:] == sentence.split()[-1:] and len(ends(sentence)) == 1


def test_a_sentence_begins_behind_its_article_or_a_pause_in_its_first_half():
    assert begins("The minister did resign") == ["The", "minister"]
    assert begins("On Monday, Veltra closed a plant") == ["On", "Veltra"]
    assert begins("On Monday, in Lindau, Veltra closed, Anna Berg said") == ["On", "Veltra"]
    assert starts([]) == []


def test_a_word_is_followed_by_the_next_one_or_one_word_is_left_out():
    assert followed("Arsenal narrowly beat Chelsea", "Arsenal") == ["narrowly", "beat"]
    assert followed("Arsenal narrowly beat Chelsea", "Chelsea") == []


def test_light_words_are_left_out_together():
    assert followed("Arsenal have also just been the winners", "Arsenal") == "have also just been the winners".split()


def test_a_phrase_is_left_out_from_where_it_begins_to_where_the_next_one_does():
    assert followed("Veltra closed in the north of Spain on Monday", "closed") == ["in", "on"]
    assert followed("The head of the board has quit", "head") == ["of", "has"]


def test_what_turns_a_meaning_round_is_never_left_out():
    assert followed("Veltra will not close", "will") == ["not"]
    assert followed("The former mayor won", "The") == ["former"]
    assert followed("Veltra closed in reportedly bad shape on Monday", "closed") == ["in"]


def test_no_more_is_left_out_than_the_gate_allows():
    sentence = "Veltra closed in the cold dark empty wooden northern plant on Monday"
    assert followed(sentence, "closed") == ["in"] and MOST_LEFT_OUT == 4
    assert followed(sentence.replace("cold dark ", ""), "closed") == ["in", "on"]


def test_nothing_is_left_out_before_an_of_which_says_more_of_the_word_before_it():
    assert followed("He was among hundreds of mourners", "among") == ["hundreds"]
    assert "of" not in followed("They voice concerns about the future of trade", "concerns")
    assert "of" in followed("They voice concerns about the future of trade", "future")


def test_what_a_share_is_of_is_not_left_out():
    assert followed("He is joining with most of his party and says no", "most") == ["of"]
    assert followed("He is among hundreds of mourners in Lindau", "hundreds") == ["of"]
    assert followed("There was no sign of him", "There")[0] == "was"
    assert followed("Officials said there was no sign", "said") == ["there"]


@pytest.mark.parametrize(
    ("sentence", "last", "never"),
    [
        ("There are no roles for black and minority actors in dramas", "black", "in"),
        ("He fears the suggestion that it could carry out an attack", "suggestion", "could"),
        ("A request for an order that would stop oil was refused", "request", "would"),
        ("He is charged with taking part in a plan to break the law", "part", "to"),
        ("She has no part for black and minority actors", "part", "and"),
        ("He is worried by the words, above all the fear that it could carry on", "words", "could"),
        ("Berg is among the group of players who had won", "is", "who"),
        ("Two experts along with four others were taken", "along", "were"),
    ],
)
def test_what_a_word_needs_is_not_left_out_behind_it(sentence, last, never):
    assert never not in followed(sentence, last)


def test_a_clause_between_pauses_is_left_out_before_a_verb():
    assert "has" in followed("Anna Berg, who had won in May, has resigned", "Berg")


def test_names_that_are_joined_stay_together():
    assert followed("Veltra closed in Chad and Niger on Monday", "closed") == ["in", "on"]
    assert followed("Veltra closed in Chad and cut jobs on Monday", "closed") == ["in", "on"]
    assert followed("Veltra closed in Chad, and cut jobs on Monday", "closed") == ["in", "and", "on"]


def test_such_as_begins_no_phrase():
    assert followed("Veltra left in countries such as Chad on Monday", "left") == ["in", "on"]


@given(st.lists(st.sampled_from(WORDS), max_size=25))
def test_the_next_word_may_always_follow_and_guarded_words_are_never_left_out(chosen):
    words = words_of(" ".join(chosen))
    assert not words or words[-1].to_end == 0
    for last, word in enumerate(words):
        assert words[last + word.to_end].to_end == 0
        found = following(words, last)
        assert found == sorted(set(found)) and found[:1] == [last + 1][: len(words) - last - 1]
        for number in found:
            assert not any(one.stays for one in words[last + 1 : number])
            assert sum(one.says for one in words[last + 1 : number]) <= MOST_LEFT_OUT
