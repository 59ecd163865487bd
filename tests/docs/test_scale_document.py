"""docs/explanation/scale.md says what the benchmarks and the arithmetic of broadsheet.evaluation.systems.scale give."""

from pathlib import Path

from broadsheet.evaluation.systems.scale import Assumptions, Measured, extrapolation, read_measured

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
DOCUMENT = (ROOT / "docs" / "explanation" / "scale.md").read_text("utf-8")


def rows_of(text, column):
    """The rows of the table that has a column of this name, as dictionaries."""
    table = next(part for part in text.split("\n\n") if column in part.splitlines()[0])
    head, _, *rows = [line.strip("| ").split(" | ") for line in table.splitlines()]
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_the_document_holds_the_tables_that_the_script_makes_of_the_benchmarks():
    assert extrapolation(Assumptions(), read_measured(RESULTS)) in DOCUMENT


def test_hours_machines_and_prices_are_in_proportion_to_what_was_measured():
    measured = Measured(
        encode=0.01, page=0.36, text=1.8, learn=0.1, driver=1000, process=5e8, user_bytes={"ranked": 3000.0}
    )
    assumed = Assumptions(active=0.5, changed=0.02, cores=10, night=5, price=0.1, peak=2)
    text = extrapolation(assumed, measured)
    night = rows_of(text, "price a night")[0]
    assert night["first encoding, core-h"] == "0.28"  # 100,000 x 0.01 s
    assert night["night's encoding, core-h"] == "0.0056"
    assert night["night's pages, core-h"] == "50"  # 500,000 x 0.36 s
    assert night["night's texts, core-h"] == "1"  # 2,000 x 1.8 s
    assert night["night in all, core-h"] == "51" and night["machines"] == "2" and night["price a night"] == "5.1"
    disk = rows_of(text, "IVF-PQ codes")[0]
    assert disk["news_vectors, float32"] == "154 MB" and disk["in float16"] == "76.8 MB"  # 384 numbers each
    assert disk["IVF-PQ codes"] == "10.4 MB"  # 96 bytes of codes and 8 of id
    assert disk["readers' tables"] == "1.5 GB" and disk["memory of the encoding process"] == "100 MB"
    serving = rows_of(text, "pages/s at the peak")[0]
    assert serving["pages/s at the peak"] == "12" and serving["serving machines"] == "1"  # 11.6 x 0.36 s of 10 cores
    assert serving["memory of one"] == "5.09 GB"  # ten processes, and 872 bytes an article
