"""Write the figures and tables of all documents as benchmarks/results has them; a test holds the documents to it.

python scripts/write_figures.py   # after each benchmark
"""

from pathlib import Path

from broadsheet.cli.script import run
from broadsheet.evaluation.documents.figures import written
from broadsheet.evaluation.documents.results import Results
from broadsheet.evaluation.documents.tables import TABLES

ROOT = Path(__file__).resolve().parents[1]


def documents() -> list[Path]:
    """Return every document that people read."""
    return [ROOT / "README.md", ROOT / "benchmarks" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def write() -> None:
    """Write each document whose figures are not those of the results, and print its name."""
    results = Results(ROOT / "benchmarks" / "results")
    for path in documents():
        text = path.read_text("utf-8")
        if (new := written(text, results, TABLES)) != text:
            path.write_text(new, "utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    run(write)
