import pytest

from broadsheet.evaluation.experiments.report_parts import since_first_look, when

START = 1_798_761_600.0  # 2027-01-01


@pytest.mark.parametrize(
    ("span", "last", "unit"),
    [(10, 10 / 60, "minutes"), (600, 10.0, "minutes"), (18_000, 5.0, "hours"), (172_800, 2.0, "days")],
)
def test_the_looks_of_an_experiment_are_in_a_unit_that_fits_their_span(span, last, unit):
    times, axis = since_first_look({"times": [START, START + span]})
    assert times == pytest.approx([0.0, last]) and axis == f"{unit} since the first look"


def test_a_sentence_says_when_an_experiment_runs_and_when_it_was_looked_at():
    times = [START, START + 3_660]
    looked = "Looked at from 2027-01-01 00:00 to 2027-01-01 01:01 UTC."
    assert when({"start": "", "end": "", "times": times}) == f"Runs from its first page on, without an end. {looked}"
    set_days = {"start": "2027-01-01", "end": "2027-01-15", "times": times}
    assert when(set_days) == f"Runs from 2027-01-01 to 2027-01-15. {looked}"
