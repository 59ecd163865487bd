import pytest

from broadsheet.cli.options import as_options
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
