"""Estimates that sb-obp 0.5.10 made of twelve rounds and eight pages lie in sb_obp.json, with the rounds and pages."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from broadsheet.errors import InputError
from broadsheet.evaluation.off_policy.oracle import (
    beyond_rounding,
    compare_with_oracle,
    of_pages,
    of_rounds,
    report_oracle,
)

RECORDED = json.loads((Path(__file__).parent / "sb_obp.json").read_text("utf-8"))
WORKER = Path(__file__).parents[3] / "benchmarks" / "rows" / "off_policy.py"


@pytest.mark.parametrize(("kind", "estimates"), [("rounds", of_rounds), ("pages", of_pages)])
def test_every_estimate_is_that_of_the_other_library(kind, estimates):
    arrays = {name: np.array(values) for name, values in RECORDED[kind]["arrays"].items()}
    assert estimates(arrays) == pytest.approx(RECORDED[kind]["values"], abs=1e-12)
    assert len({*RECORDED[kind]["values"].values()}) == len(RECORDED[kind]["values"])  # no two tell the same


def test_without_the_other_library_it_says_how_to_install_it():
    with pytest.raises(InputError, match=r"pip install sb-obp \"numpy<2\""):
        compare_with_oracle([sys.executable], WORKER, print)


def test_a_difference_beyond_rounding_is_seen_and_shown():
    apart = {"IPS": {"cases": 1, "largest_difference": 1e-10}, "DR": {"cases": 1, "largest_difference": 2e-9}}
    values = {"IPS": 0.5, "DR": 0.25}
    document = {"apart": apart, "oracle": "0.5.10", "commit": "c" * 40, "date": "2026-01-01", "machine": {}}
    document |= {"cases": {"random, all": {"rounds": 10, "ours": values}}, "machine": {"processor": "x", "cores": 2}}
    assert beyond_rounding(document)
    assert "| DR | 1 | 2.0e-09 | 0.25000 | 0.25000 |" in report_oracle(document).lines
    apart["DR"]["largest_difference"] = 1e-12
    assert not beyond_rounding(document)
