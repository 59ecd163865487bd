"""What the tests of an edition's stories share."""

import pytest

from broadsheet.generate.stories import edition_stories
from broadsheet.newsroom import Edition
from broadsheet.tables.arrow_files import write_table
from broadsheet.tables.schemas import NEWS, RANKED


@pytest.fixture
def edition(tmp_path, ranked, news):
    """Two pages: n1 and n2 are on both, n3 on one."""
    edition = Edition(tmp_path / "edition")
    write_table(edition.ranked, ranked, RANKED)
    write_table(edition.news, news, NEWS)
    return edition


@pytest.fixture
def blocks_of_one_article(monkeypatch):
    monkeypatch.setattr(edition_stories, "BLOCK", 1)
