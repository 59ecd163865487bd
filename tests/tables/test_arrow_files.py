import os
import signal

import datasets
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import ContractError
from broadsheet.tables import schemas
from broadsheet.tables.arrow_files import empty, from_rows, open_writer, read_stamp, read_table, write_table
from broadsheet.tables.schemas import INDEX, STORIES, USERS, news_vectors, user_vectors
from broadsheet.tables.vectors import vectors_to_arrow, vectors_to_numpy


def index(*ids):
    return from_rows([{"news_id": news_id} for news_id in ids], INDEX)


def user(**changes):
    return {"user_id": "U1", "history": ["N1"], "profile": "", "hidden": [], **changes}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "rows.arrow"


def names(folder):
    return sorted(file.name for file in folder.iterdir())


TEXTS = {"user_id": st.text(), "history": st.lists(st.text()), "profile": st.text()}


@given(st.lists(st.fixed_dictionaries(TEXTS | {"hidden": st.just([]), "reads": st.none(), "acts": st.none()})))
def test_what_is_written_is_read_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("tables") / "users.arrow"
    write_table(path, from_rows(rows, USERS), USERS, model="abc")
    assert read_table(path, USERS, model="abc").to_pylist() == rows
    assert read_stamp(path) == {"table": "users", "version": "3", "model": "abc"}


def test_columns_in_another_order_are_put_in_the_schemas_order(path):
    write_table(path, from_rows([user()], USERS).select(USERS.names[::-1]), USERS)
    assert read_table(path, USERS).column_names == USERS.names


def test_a_file_cut_anywhere_is_refused_by_name(path):
    write_table(path, from_rows([user()], USERS), USERS)
    whole = path.read_bytes()
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        with pytest.raises(ContractError, match=r"rows\.arrow: not a whole Arrow IPC file"):
            read_table(path, USERS)


def test_a_damaged_file_is_refused_or_read_but_never_fails_otherwise(path):
    write_table(path, from_rows([user()], USERS), USERS)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            read_table(path, USERS)
        except ContractError:
            refused += 1
    assert refused > 50


@pytest.mark.parametrize(
    "content", [b"", b"news_id,title\nN1,Rain\n", b"PAR1" + bytes(40) + b"PAR1", b"ARROW1\0\0" + bytes(64)]
)
def test_a_foreign_file_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(ContractError, match="not a whole Arrow IPC file"):
        read_table(path, INDEX)


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    with pytest.raises(ContractError, match="not a whole Arrow IPC file"):
        read_table(tmp_path, INDEX)
    with pytest.raises(ContractError, match=r"no such file\. Build or import it first"):
        read_table(tmp_path / "none.arrow", INDEX)


def test_names_that_are_not_utf8_make_a_file_foreign(path):
    foreign = pa.schema([("news_id", pa.string())], metadata={b"\xff": b"\xfe"})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, foreign):
        pass
    with pytest.raises(ContractError, match="not a whole Arrow IPC file"):
        read_table(path, INDEX)


def test_another_version_is_refused(path):
    write_table(path, index("N1"), INDEX.with_metadata({"table": "index", "version": "2"}))
    with pytest.raises(ContractError, match=r"version is '2', expected '1'.*build or import it again"):
        read_table(path, INDEX)


def of_users(vectors):
    columns = {"user_id": ["U1"] * len(vectors), "interest": pa.array([1] * len(vectors), pa.int32())}
    return pa.table(columns | {"vector": vectors_to_arrow(vectors)})


def test_another_models_stamp_and_a_missing_one_are_refused(path):
    write_table(path, index("N1"), INDEX, model="abc")
    with pytest.raises(ContractError, match="model is 'abc', expected 'xyz'"):
        read_table(path, INDEX, model="xyz")
    write_table(path, index("N1"), INDEX)
    with pytest.raises(ContractError, match="model is 'missing', expected 'xyz'"):
        read_table(path, INDEX, model="xyz")


def test_all_differences_come_in_one_message(path):
    write_table(path, of_users(np.ones((1, 4))), user_vectors(4), model="abc")
    with pytest.raises(ContractError) as caught:
        read_table(path, news_vectors(8), model="xyz")
    for problem in (
        "table is 'user_vectors', expected 'news_vectors'",
        "model is 'abc', expected 'xyz'",
        "column 'user_id' is not expected",
        "column 'news_id' is missing",
        "column 'vector' is fixed_size_list<item: float not null>[4], expected fixed",
    ):
        assert problem in str(caught.value)


def test_a_table_that_does_not_fit_is_refused_and_the_old_file_stays(path):
    write_table(path, index("N1"), INDEX)
    wrong = [
        (pa.table({"id": ["N2"]}), r"(?s)'news_id' is missing.*'id' is not expected"),
        (pa.table({"news_id": pa.array([None], pa.string())}), "null"),
        (pa.table({"news_id": [["N2"]]}), "Unsupported cast"),
        (pa.table([["N2"], ["N2"]], names=["news_id", "news_id"]), "news_id"),
    ]
    for table, problem in wrong:
        with pytest.raises(ContractError, match=problem) as caught:
            write_table(path, table, INDEX)
        assert "Nothing was written." in str(caught.value)
    assert read_table(path, INDEX).to_pydict() == {"news_id": ["N1"]}
    assert names(path.parent) == ["rows.arrow"]


def test_a_null_inside_a_list_is_refused_in_every_column(path):
    loose = pa.schema(
        [(field.name, pa.list_(pa.string()) if field.name in ("history", "hidden") else field.type) for field in USERS]
    )
    table = pa.Table.from_pylist([user(history=["N1", None], hidden=[None])], loose)
    with pytest.raises(ContractError, match=r"(?s)'history' holds null inside.*'hidden' holds null inside"):
        write_table(path, table, USERS)
    assert names(path.parent) == []


def test_rows_with_a_null_where_none_is_allowed_are_refused():
    with pytest.raises(ContractError, match=r"table users.*'history'.*non-nullable"):
        from_rows([{"user_id": "U1"}], USERS)
    method = {"headline": "gpt", "summary": None}
    story = dict.fromkeys(STORIES.names, "x") | {"rank": 1, "checks": [], "method": method}
    with pytest.raises(ContractError, match=r"table stories.*null"):
        from_rows([story], STORIES)


def test_a_failure_while_writing_leaves_the_old_file_and_nothing_else(path):
    write_table(path, index("N1"), INDEX)
    with pytest.raises(RuntimeError, match="out of luck"), open_writer(path, INDEX) as writer:
        writer.write(index("N2"))
        raise RuntimeError("out of luck")
    assert read_table(path, INDEX).to_pydict() == {"news_id": ["N1"]}
    assert names(path.parent) == ["rows.arrow"]


def test_a_process_killed_while_writing_leaves_the_old_file(path):
    write_table(path, index("N1"), INDEX)
    child = os.fork()
    if not child:
        with open_writer(path, INDEX) as writer:
            writer.write(index("N2"))
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert read_table(path, INDEX).to_pydict() == {"news_id": ["N1"]}
    write_table(path, index("N3"), INDEX)
    assert read_table(path, INDEX).to_pydict() == {"news_id": ["N3"]}


def test_batches_and_tables_are_appended_in_order(path):
    with open_writer(path, INDEX) as writer:
        writer.write(index("N1", "N2"))
        writer.write(index("N3").to_batches()[0])
    assert read_table(path, INDEX)["news_id"].to_pylist() == ["N1", "N2", "N3"]


def test_an_open_table_keeps_its_rows_when_its_file_is_replaced_and_removed(path):
    write_table(path, index(*(f"N{number}" for number in range(5000))), INDEX)
    before = read_table(path, INDEX)
    write_table(path, index("other"), INDEX)
    path.unlink()
    assert before["news_id"].to_pylist() == [f"N{number}" for number in range(5000)]


def test_reading_copies_nothing_into_memory(path):
    write_table(path, of_users(np.ones((999, 64))), user_vectors(64))
    before = pa.total_allocated_bytes()
    table = read_table(path, user_vectors(64))
    assert vectors_to_numpy(table).shape == (999, 64)
    assert pa.total_allocated_bytes() - before < 4096


def test_vectors_survive_slices_chunks_and_no_rows():
    rows = np.arange(12, dtype=np.float32).reshape(6, 2)
    table = pa.table({"vector": vectors_to_arrow(rows)})
    np.testing.assert_array_equal(vectors_to_numpy(table.slice(1, 3)), rows[1:4])
    np.testing.assert_array_equal(
        vectors_to_numpy(pa.concat_tables([table.slice(4), table.slice(0, 1)])), rows[[4, 5, 0]]
    )
    assert vectors_to_numpy(empty(user_vectors(7))).shape == (0, 7)


def test_datasets_opens_a_written_file(path, tmp_path):
    write_table(path, from_rows([user(), user(user_id="U2")], USERS), USERS, model="abc")
    opened = datasets.load_dataset("arrow", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    assert opened["user_id"] == ["U1", "U2"] and opened.column_names == USERS.names


TABLES = [value for value in vars(schemas).values() if isinstance(value, pa.Schema)]


@pytest.mark.parametrize(
    "schema", [*TABLES, news_vectors(2), user_vectors(2)], ids=lambda one: str(one.metadata[b"table"])
)
def test_datasets_opens_a_file_of_any_table_without_rows_as_a_stream(path, schema):
    write_table(path, schema.empty_table(), schema)
    opened = datasets.load_dataset("arrow", data_files=str(path), split="train", streaming=True)
    assert opened.column_names == schema.names and list(opened) == []


def test_every_table_has_a_name_a_version_and_a_word_on_each_field():
    tables = [*TABLES, news_vectors(2), user_vectors(2)]
    assert len({table.metadata[b"table"] for table in tables}) == len(tables) >= 9
    for table in tables:
        assert int(table.metadata[b"version"]) >= 1
        assert all(field.metadata[b"doc"].endswith(b".") for field in table)
