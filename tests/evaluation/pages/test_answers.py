"""The benchmark of answers."""

from pathlib import Path

import pytest

from broadsheet.errors import InputError
from broadsheet.evaluation.pages.answers import measure_answers
from broadsheet.evaluation.pages.requests import ANSWERED, UNANSWERED


def test_a_language_without_requests_is_refused_with_the_languages_that_have_some():
    with pytest.raises(InputError, match="found 'xx', expected one of en, da, zh"):
        measure_answers(Path("nowhere"), print, "xx")


def test_each_language_has_as_many_requests_with_an_answer_as_without_and_each_once():
    assert ANSWERED.keys() == UNANSWERED.keys()
    for language, asked in ANSWERED.items():
        both = [*asked, *UNANSWERED[language]]
        assert len(asked) == len(UNANSWERED[language]) and len(set(both)) == len(both)
