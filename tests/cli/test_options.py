import pytest

from broadsheet.cli.options import as_options, read_columns
from broadsheet.errors import GateError, InputError

OPTIONS = {"train": "--train", "valid": "--valid", "out": "--out", "column": "--column"}


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("out x y: is there", "--out x y: is there"),
        ("valid: found 'a', expected another", "--valid: found 'a', expected another"),
        ("train and valid: found one of the two", "--train and --valid: found one of the two"),
        ("\n  - mode: found 'x'\n  - out x: is there", "\n  - mode: found 'x'\n  - --out x: is there"),
        ("clicks: too few. Name splits: train and valid.", "clicks: too few. Name splits: --train and --valid."),
        ("a.csv: no title. Name its own: column title=THEIRS", "a.csv: no title. Name its own: --column title=THEIRS"),
        ("out: no newsroom here", "out: no newsroom here"),
        ("rooms/out: no such split", "rooms/out: no such split"),
    ],
)
def test_a_message_names_the_option_that_an_argument_was_given_by(message, shown):
    with pytest.raises(InputError) as caught, as_options(**OPTIONS):
        raise InputError(message)
    assert str(caught.value) == shown


def test_an_error_without_such_an_argument_stays_the_same_object():
    error = GateError("kept back")
    with pytest.raises(GateError) as caught, as_options(**OPTIONS):
        raise error
    assert caught.value is error


def test_two_values_for_one_column_are_an_error_and_each_file_may_have_its_own():
    with pytest.raises(
        InputError, match="--column: found 'news_id=id' and 'news_id=article', expected each column once"
    ):
        read_columns(["news_id=id", "title=t", "news_id=article"])
    assert read_columns(["news.news_id=id", "clicks.news_id=article"]) == {
        "news.news_id": "id",
        "clicks.news_id": "article",
    }
