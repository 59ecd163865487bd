"""The seal of Arrow files: any changed byte is noticed, before Arrow itself looks at the file."""

import hashlib
import os
import re
import signal
import time

import numpy as np
import pyarrow as pa
import pytest

from broadsheet.errors import ContractError
from broadsheet.tables.arrow_files import from_rows, open_writer, read_stamp, read_table, write_table
from broadsheet.tables.files import replacing
from broadsheet.tables.schemas import INDEX, USERS
from broadsheet.tables.seal import Checked, Identity

ROWS = [
    {"user_id": f"U{n}", "history": ["N1", "N2"], "profile": "cycling", "hidden": ["N3"], "reads": None, "acts": None}
    for n in range(3)
]


@pytest.fixture
def path(tmp_path):
    """A sealed table of three readers."""
    write_table(tmp_path / "users.arrow", from_rows(ROWS, USERS), USERS, made="by hand")
    return tmp_path / "users.arrow"


def flip(path, place, bit=0):
    content = bytearray(path.read_bytes())
    content[place] ^= 1 << bit
    path.write_bytes(content)


def test_the_seal_is_the_sha256_of_the_file_with_zeros_in_its_place(path):
    content = path.read_bytes()
    first, last = re.findall(rb"file-sha256:([0-9a-f]{64})", content)
    digest = first.decode()
    assert first == last and read_stamp(path) == {"table": "users", "version": "3", "made": "by hand"}
    assert hashlib.sha256(content.replace(digest.encode(), b"0" * 64)).hexdigest() == digest
    assert read_table(path, USERS, made="by hand").to_pylist() == ROWS


def test_each_flipped_bit_is_refused_by_the_files_name(path):
    whole = path.read_bytes()
    for place in range(len(whole)):
        flip(path, place, place % 8)
        with pytest.raises(ContractError, match=r"users\.arrow: not a whole Arrow IPC file as it was written"):
            read_table(path, USERS)
        path.write_bytes(whole)


def test_a_file_is_hashed_again_when_it_has_changed_however_old_its_time_is(path):
    os.utime(path, (1e9, 1e9))
    assert len(read_table(path, USERS)) == 3
    flip(path, path.read_bytes().index(b"cycling"))
    os.utime(path, (1e9, 1e9))
    with pytest.raises(ContractError, match=r"its SHA-256 is .* and its seal says"):
        read_table(path, USERS)
    with pytest.raises(ContractError, match="its SHA-256 is"):
        read_stamp(path)


def test_a_content_is_remembered_if_its_change_lies_back_so_that_it_is_hashed_once():
    checked, old, new = Checked(), Identity(1, 2, 3, 10**18), Identity(1, 2, 3, time.time_ns())
    checked.add(old)
    checked.add(new)
    assert old in checked and new not in checked and old._replace(size=4) not in checked


def unsealed(path, table):
    """A file as earlier versions wrote it."""
    with replacing(path) as part, pa.OSFile(str(part), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def test_a_file_without_a_seal_is_read_and_its_values_are_looked_at(path):
    table = from_rows(ROWS, USERS).replace_schema_metadata(USERS.metadata)
    unsealed(path, table)
    assert read_table(path, USERS).to_pylist() == ROWS
    offsets = np.frombuffer(table.column("profile").chunk(0).buffers()[1], np.int32)[:4].tobytes()
    whole = path.read_bytes()
    place = whole.index(offsets) + 7  # the highest byte of the second offset: 7 becomes 7 + 2 ** 30
    assert offsets[4:8] == (7).to_bytes(4, "little")
    flip(path, place, 6)
    with pytest.raises(ContractError, match=r"users\.arrow: not a whole Arrow IPC file as it was written"):
        read_table(path, USERS)


def test_no_flipped_bit_of_a_file_without_a_seal_kills_the_process(path):
    unsealed(path, from_rows(ROWS, USERS).replace_schema_metadata(USERS.metadata))
    whole = path.read_bytes()
    child = os.fork()
    if not child:
        for place in range(len(whole)):
            flip(path, place, place % 8)
            try:
                read_table(path, USERS).to_pylist()
            except ContractError:
                pass
            path.write_bytes(whole)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code == 0, f"ended by {signal.Signals(-code).name}" if code < 0 else code


def test_a_file_that_lost_one_of_its_two_seals_is_damaged_and_not_of_an_earlier_version(path):
    whole = path.read_bytes()
    for match in re.finditer(b"file-sha256:", whole):
        path.write_bytes(whole)
        flip(path, match.start())
        with pytest.raises(ContractError, match="its two seals differ"):
            read_table(path, USERS)


def test_a_table_of_any_number_of_batches_is_sealed(tmp_path):
    with open_writer(tmp_path / "index.arrow", INDEX) as writer:
        for number in range(5):
            writer.write(pa.table({"news_id": [f"N{number}"]}))
    assert read_table(tmp_path / "index.arrow", INDEX)["news_id"].to_pylist() == [f"N{n}" for n in range(5)]
    with open_writer(tmp_path / "index.arrow", INDEX):
        pass
    assert len(read_table(tmp_path / "index.arrow", INDEX)) == 0
