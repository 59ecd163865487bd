import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.generate.text.phrases import words_of
from broadsheet.generate.text.words import is_guarded
from broadsheet.generate.writers.local import load_writer
from broadsheet.generate.writers.sampling import Restraint
from broadsheet.generate.writers.shortening import LEFT_OUT, Shortenings

END = 0
SENTENCE = "The minister (60) did not resign on Monday, after talks in Lindau with her party."


WORDS = "police said that no one will stay here in 1999 may, the old former plant of Lindau".split()


def letters(text):
    """A token a character, so that what is allowed can be read."""
    return [ord(character) for character in text]


def shortenings(*sentences):
    return Shortenings(sentences, letters, [END])


def follow(found, text):
    return "".join(sorted(chr(token) if token else "." for token in found.next_tokens(letters(text))))


def test_a_draft_begins_at_the_first_word_behind_its_article_or_behind_a_pause():
    assert follow(shortenings("the cat sat on a very red mat"), "") == "CT"
    assert follow(shortenings("on a mat, cats sat in the red sun"), "") == "CO"
    assert follow(shortenings("the cat sat in a very red mat"), "T") == "h"


def test_a_start_behind_the_first_word_costs():
    found = Shortenings(["the cat sat on a mat"], lambda text: [text], [END])
    assert found.next_tokens([]) == {"The": 0.0, "Cat": LEFT_OUT}


def test_a_word_is_gone_on_with_letter_by_letter():
    found = shortenings(SENTENCE)
    assert follow(found, "Th") == "e" and follow(found, "Mini") == "s"


def test_behind_a_word_stands_a_blank_and_then_any_word_that_may_follow():
    found = shortenings(SENTENCE)
    assert follow(found, "The minister") == " "
    assert follow(found, "The minister ") == "dn", "the not may not be left out, and brackets always are"


def test_what_follows_costs_nothing_and_what_leaves_words_out_does():
    found = Shortenings([SENTENCE], lambda text: [hash(text)], [END])
    costs = found.next_tokens([hash("The"), hash(" minister")])
    assert costs == {hash(" did"): 0.0, hash(" not"): LEFT_OUT}


def test_a_comma_stays_between_neighbours_and_goes_with_what_is_left_out():
    found = Shortenings([SENTENCE], lambda text: [text], [END])
    written = ["The", " minister", " did", " not", " resign", " on", " Monday"]
    assert found.next_tokens(written) == {", after": 0.0, " in": LEFT_OUT, " with": LEFT_OUT, END: 0.0}


def test_the_marks_of_money_and_shares_stay():
    found = Shortenings(["Profits of $5m, or 6%, rose."], lambda text: [text], [END])
    assert set(found.next_tokens(["Profits", " of"])) == {" $5m", " or"}
    assert set(found.next_tokens(["Profits", " of", " $5m", ", or"])) == {" 6%", " rose"}


def test_a_draft_ends_where_its_sentence_can_from_the_fifth_word_on_and_must_behind_its_last():
    found = shortenings("one two three in four five at six seven")
    assert "." not in follow(found, "One two three"), "too short"
    assert "." not in follow(found, "One two three in four"), "the next word is needed"
    assert follow(found, "One two three in four five") == " ."
    assert follow(found, "One two three in four five at six seven") == "."


def test_a_draft_has_sixteen_words_at_most():
    sentence = " ".join(f"w{number}" for number in range(12)) + " in one two three on four"
    found = Shortenings([sentence], lambda text: [text], [END])
    written = ["W0", *(f" w{number}" for number in range(1, 12))]
    assert set(found.next_tokens(written)) == {" in", " on", END}, "in one two three are the sixteenth"
    assert set(found.next_tokens([*written, " in"])) == {" one", " two"}
    assert found.next_tokens([*written, " in", " one", " two", " three"]) == {END: 0.0}


def test_a_draft_of_a_sentence_that_can_end_nowhere_in_time_ends_at_once():
    found = Shortenings([" ".join(f"w{number}" for number in range(20))], lambda text: [text], [END])
    assert found.next_tokens(["W0"]) == {END: 0.0}


def test_a_draft_of_no_sentence_can_only_end():
    assert follow(shortenings(), "") == "."
    assert follow(shortenings(SENTENCE), "Xyz") == "."


def test_a_word_that_stands_twice_goes_on_from_both_places():
    found = Shortenings(["to be or to go now at once"], lambda text: [text.strip().lower()], [END])
    assert set(found.next_tokens(["to"])) == {"be", "or"}, "only the first begins a draft"
    assert set(found.next_tokens(["to", "or", "to"])) == {"go", "now"}
    both = Shortenings(["Spain beat Spain at home"], lambda text: [text.strip().lower()], [END])
    assert set(both.next_tokens(["spain"])) == {"beat", "spain"}
    assert set(both.next_tokens(["spain", "spain"])) == {"at"}


@given(st.lists(st.sampled_from(WORDS), min_size=5, max_size=25), st.data())
def test_any_draft_is_the_sentence_with_words_left_out_and_keeps_what_guards_its_meaning(words, data):
    sentence = " ".join(words)
    found = Shortenings([sentence], lambda text: [text], [END])
    draft = []
    while allowed := [token for token in found.next_tokens(draft) if token != END]:
        draft.append(data.draw(st.sampled_from(sorted(allowed))))
    said = [token.strip(", ").lower() for token in draft]
    assert is_kept([word.strip(",").lower() for word in words], said)
    assert len(said) <= 16
    ends = {word.text.lower() for word in words_of(sentence) if word.to_end == 0}
    assert said[-1] in ends or len(said) < 5


def is_kept(words, said):
    """Whether the words have `said` in order, with nothing that guards a meaning left out between two."""

    def fits(word, place, first):
        if place == len(said):
            return True
        for later in range(word, len(words)):
            if words[later] == said[place] and fits(later + 1, place + 1, first=False):
                return True
            if is_guarded(words[later]) and not first:
                return False
        return False

    return fits(0, 0, first=True)


def test_of_the_tokens_allowed_the_likeliest_is_taken_and_no_other():
    scores = torch.zeros(1, 200)
    scores[0, ord("z")], scores[0, ord("n")], scores[0, ord("d")] = 9.0, 2.0, 1.0
    restraint = Restraint(torch.zeros(1, 0, dtype=torch.int64), [shortenings(SENTENCE)], ends=[END], size=200, start=0)
    written = torch.tensor([letters("The minister ")])
    held = restraint(written, scores)
    assert int(held.argmax()) == ord("n") and torch.isinf(held).sum() == 198
    assert held[0, ord("n")] == 2.0 and held[0, ord("d")] == 1.0


@pytest.mark.parametrize("kind", ["gpt", "t5"])
def test_a_writer_adds_a_draft_for_each_sentence_which_has_its_words(request, kind):
    write = load_writer(str(request.getfixturevalue(kind)))
    sentences = ["Arsenal beat Chelsea in the cup final at Wembley.", "Anna Berg decided the match with two goals."]
    one, other = write(["Arsenal won. What happened?", "x"], job="headline", sentences=[sentences, []])
    assert len(one) == 3 and len(other) == 1
    for draft, sentence in zip(one[1:], sentences, strict=True):
        words = sentence.rstrip(".").lower().split()
        assert draft and set(draft.lower().split()) <= set(words)
    assert write(["x"]) == [other]
