"""A file that another program changes while a process has it mapped: an error, and no end by a signal."""

import os

import pytest

from broadsheet.errors import ContractError
from broadsheet.pipeline import Pipeline
from broadsheet.tables.files import write_text
from tests.support.late_articles import everything, ids


@pytest.mark.parametrize("name", ["news.arrow", "news_vectors.arrow", "index.faiss", "stories.arrow"])
def test_a_file_of_the_edition_that_is_cut_while_in_use_is_an_error_until_it_is_whole_again(room, opened, name):
    path = room.current().path / name
    before, whole = ids(everything(opened)), path.read_bytes()
    os.truncate(path, 0)
    with pytest.raises(ContractError, match=rf"{name}: another program wrote .* to 0 bytes\)"):
        opened.run("fan", 3)
    with pytest.raises(ContractError, match="another program wrote"):
        next(iter(opened.ask_stream("football")))
    path.write_bytes(whole)
    assert ids(everything(opened)) == before


@pytest.mark.parametrize("table", ["users", "clicks"])
def test_a_table_of_the_corpus_that_is_changed_in_place_is_an_error_and_a_replaced_table_is_not(room, table):
    path = getattr(room, table)
    opened = Pipeline.open(room.path)
    page, whole = opened.run("fan", 3), path.read_bytes()
    os.utime(path, (0, 0))
    assert ids(opened.run("fan", 3)) == ids(page)  # written to, with the same content
    path.write_bytes(whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:])
    with pytest.raises(ContractError, match=rf"{table}\.arrow: another program wrote"):
        opened.run("fan", 3)
    path.write_bytes(whole)
    write_text(path, "another table, as an import puts it there")
    assert ids(opened.run("fan", 3)) == ids(page)
