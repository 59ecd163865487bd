import pytest

from broadsheet.generate.text.speakers import is_said_by_a_pronoun, quotes, speaker


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The dam could fail within the hour, William Croyle said.", "croyle"),
        ("The dam could fail, Croyle, acting director of the agency, said on Sunday.", "croyle"),
        ("“We have to get everyone out now, before it is too late,” said Mayor Ana Ruiz.", "ruiz"),
        ('"The dam is safe for the time being," the Department of Water told reporters.', "water"),
        ("At least five people were hurt, local police said.", "police"),
        ("According to Jens Stoltenberg, the alliance has grown.", "stoltenberg"),
        ("Moscow denied the accusation Friday.", "moscow"),
        ("The water rose to two metres, he said.", ""),
        ("The spokesman, who said nothing more, left the hall.", ""),
        ("The officials denied any wrongdoing.", ""),
        ("Ten men accused of murder appeared in court.", ""),
        ("The town was evacuated on Sunday.", ""),
        ('The bridge "that Croyle said would hold for ever" has fallen.', ""),
    ],
)
def test_the_speaker_is_who_is_named_beside_the_verb_of_speech(sentence, expected):
    assert speaker(sentence) == expected


def test_a_phrase_in_quotation_marks_is_no_quotation():
    assert quotes('"We will not leave this town tonight," he said.')
    assert not quotes('The "friendly fire" killed three.')


def test_a_sentence_that_ends_in_a_pronoun_and_a_verb_of_speech_needs_the_one_before():
    assert is_said_by_a_pronoun("A suicide cannot be ruled out, he said.")
    assert is_said_by_a_pronoun('"The dam will hold," she told.')
    assert not is_said_by_a_pronoun("A suicide cannot be ruled out, police said.")
    assert not is_said_by_a_pronoun("He said the dam would hold.")
