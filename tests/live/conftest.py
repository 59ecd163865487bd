"""A newsroom without an edition, for what needs no edition."""

import pytest

from tests.support.events import bare_newsroom


@pytest.fixture
def bare(tmp_path):
    return bare_newsroom(tmp_path / "newsroom")
