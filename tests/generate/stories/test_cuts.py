import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.generate.stories.cuts import cuts
from broadsheet.generate.text.words import NOT, content_stem

SENTENCE = "The minister did not resign on Monday, after talks in Lindau with her party."
WORDS = "police said that no one will not stay in the old plant on 5 May of Lindau and a vote, never by 6% –".split()


def test_what_is_cut_keeps_the_beginning_or_leaves_out_one_phrase():
    assert cuts(SENTENCE, 8, 20) == [
        "Minister did not resign on Monday, after talks",  # minister not resign Monday after talks, Monday twice
        "Minister did not resign, after talks in Lindau",
        "Minister did not resign on Monday in Lindau",  # one that says less but for two names
        "Minister did not resign on Monday",
        "Minister did not resign, after talks",
        "Minister did not resign in Lindau",
        "The minister did not resign on Monday",
        "The minister did not resign, after talks",
        "The minister did not resign in Lindau",
        "Minister did not resign with her party",
        "The minister did not resign with her party",
    ]


def test_a_sentence_that_fits_stands_first_and_whole():
    assert cuts("Arsenal beat Chelsea 3-1 in the final.", 18, 1) == ["Arsenal beat Chelsea 3-1 in the final"]


def test_one_word_is_left_out_only_where_the_sentence_goes_on():
    assert "On Monday closed its old plant" not in cuts("On Monday, Veltra closed its old plant", 18, 20)
    assert "Veltra has closed its old plant" in cuts("Veltra, however, has closed its old plant", 18, 20)


def test_what_an_of_belongs_to_is_not_left_out_before_it():
    found = cuts("The envoy is very pleased with the work of his friend in Lindau this week", 18, 100)
    assert "Envoy is very pleased with the work of his friend" in found
    assert not any("pleased of" in cut for cut in found)


def test_a_cut_does_not_end_with_the_speaker_of_what_comes_next():
    found = cuts("Veltra will close its old plant, Deputy Director for Lindau Anna Berg told unions on Monday", 18, 100)
    assert "Veltra will close its old plant" in found
    assert not any(cut.endswith("Deputy Director") for cut in found)
    assert any(cut.endswith("told unions on Monday") for cut in found)


@pytest.mark.parametrize(
    ("sentence", "refused"),
    [
        ("The general told members on Wednesday that a probe into a bombing has begun", "a probe"),
        ("In order to help members of the council in Lindau, Veltra will pay 6 percent", "council"),
        ("While her party met on Monday in Lindau, the minister did not resign", "Lindau"),
    ],
)
def test_a_cut_does_not_end_before_its_point(sentence, refused):
    found = cuts(sentence, 18, 100)
    assert found and not any(cut.endswith(refused) for cut in found)


def test_a_lone_who_is_not_left_out():
    found = cuts("Anna Berg is among the players who had won the cup in May", 18, 100)
    assert found and not any("players had" in cut for cut in found)


def test_no_more_cuts_are_returned_than_are_wanted():
    assert cuts(SENTENCE, 8, 2) == cuts(SENTENCE, 8, 20)[:2] and cuts(SENTENCE, 8, 0) == []


def test_the_end_is_kept_behind_a_pause():
    found = cuts("On Monday, Veltra closed its old plant in Lindau.", 7, 20)
    assert found == [
        "On Monday, Veltra closed its old plant",  # Monday and Veltra count 2, closed, old and plant 1; 0.7 less
        "Veltra closed its old plant in Lindau",
    ]


def test_a_dash_is_left_out_and_a_comma_stays():
    found = cuts("Anna Berg, the coach – a Dane – won in Lindau", 18, 20)
    assert found[0] == "Anna Berg, the coach a Dane won in Lindau"


def test_what_is_too_short_or_has_no_word_has_no_cut():
    assert cuts("Arsenal beat Chelsea in May", 18, 8) == cuts("", 18, 8) == cuts("(none) – .", 18, 8) == []


@pytest.mark.parametrize("end", ["at no point", "without proof", "unless talks begin"])
def test_what_turns_a_sentence_round_is_not_cut_from_its_end(end):
    sentence = f"The mayor of Lindau spoke of fraud {end}"
    assert cuts(sentence, 18, 20) and all(cut.endswith(end) for cut in cuts(sentence, 18, 20))


@given(st.lists(st.sampled_from(WORDS), max_size=22), st.integers(6, 18))
def test_a_cut_is_the_sentences_words_with_at_most_one_gap_and_no_negation_in_it(words, most_words):
    spoken = [word.strip(",–").lower() for word in words if word != "–"]
    found = cuts(" ".join(words), most_words, 100)
    assert len(set(found)) == len(found)
    for cut in found:
        said = [word.rstrip(",").lower() for word in cut.split()]
        assert 6 <= len(said) <= most_words
        assert any(left_out(spoken, said)), cut


def left_out(spoken, said):
    """Yield for each way in which `said` is the words of `spoken` with one gap whether no negation is in the gap."""
    for start in range(len(spoken)):
        for size in range(1, len(said) + 1):
            for gap in range(len(spoken) - start - len(said) + 1):
                after = start + size + gap
                if [*spoken[start : start + size], *spoken[after : after + len(said) - size]] == said:
                    inner = spoken[start + size : after] if size < len(said) else []
                    yield not any(content_stem(word) == NOT for word in inner)
