"""Write docs/reference/tables.md from the schemas; a test holds the file to them.

python scripts/write_contract.py
"""

from pathlib import Path

import pyarrow as pa

from broadsheet.tables import schemas

TARGET = Path(__file__).resolve().parents[1] / "docs" / "reference" / "tables.md"

HEAD = """# The contract: Arrow tables between the stages

Written by `python scripts/write_contract.py` from `src/broadsheet/tables/schemas.py`.

Every file is an uncompressed Arrow IPC file; `pyarrow` and `datasets.load_dataset("arrow", data_files=...)` open it
(but `datasets` opens no file without rows, such as the clicks of a newsroom that has none).
Its schema carries the table's name, an integer version, a note for each field, and stamps of who made it (`model`: a
fingerprint). Readers accept exactly one version.
Rank 1 is best; scores: higher is better; times: UTC; vectors: unit length, inner product.
"""


def contract() -> str:
    """Return the whole document."""
    tables = [
        schemas.NEWS,
        schemas.CLICKS,
        schemas.IMPRESSIONS,
        schemas.USERS,
        schemas.news_vectors(384),
        schemas.user_vectors(384),
        schemas.INDEX,
        schemas.CANDIDATES,
        schemas.RANKED,
        schemas.STORIES,
        schemas.DIGESTS,
        schemas.late_news(384),
        schemas.WITHDRAWN,
        schemas.MUTES,
        schemas.PROFILES,
    ]
    return "\n".join([HEAD, *map(_section, tables)])


def _section(schema: pa.Schema) -> str:
    name, version = schema.metadata[b"table"].decode(), schema.metadata[b"version"].decode()
    rows = [
        f"| {field.name} | {field.type}{' or null' if field.nullable else ''} | {field.metadata[b'doc'].decode()} |"
        for field in schema
    ]
    return "\n".join(
        [f"## {name}, version {version}", "", "| column | type | what it is |", "|---|---|---|", *rows, ""]
    )


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(contract(), "utf-8")
