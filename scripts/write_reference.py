"""Write the pages of docs/reference that come from the code; a test holds them to it.

python scripts/write_reference.py
"""

from pathlib import Path

from broadsheet.cli.reference import PAGES

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"

if __name__ == "__main__":
    for file, page in PAGES.items():
        (FOLDER / file).write_text(page(), "utf-8")
