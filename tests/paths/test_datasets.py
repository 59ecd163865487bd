"""Hugging Face's `datasets` opens what Broadsheet writes."""

from datetime import timedelta

import datasets
import pyarrow as pa

from broadsheet.importers.transaction import Import
from broadsheet.nightly.build import build
from broadsheet.tables.arrow_files import write_table
from broadsheet.tables.schemas import NEWS
from tests.nightly.test_digest_stage import FLOOD
from tests.support.tiny import START, make_impressions


def test_datasets_opens_every_file_of_a_newsroom(newsroom, tmp_path):
    with Import(newsroom) as add:
        add.impressions("train", make_impressions(6))
        add.clicks([{"user_id": "fan", "news_id": "N3", "time": START + timedelta(hours=30)}])
        add.news(FLOOD)  # for a digest, so that every table but one has rows
        add.users([{"user_id": "swimmer", "history": ["E2"], "profile": "", "hidden": []}])
    write_table(newsroom.path / "corpus" / "without.arrow", NEWS.empty_table(), NEWS)
    build(newsroom, "all")
    files = sorted(newsroom.path.rglob("*.arrow"))
    assert len(files) == 15
    for file in files:
        with pa.ipc.open_file(file) as table:
            names, rows = table.schema.names, table.read_all().num_rows
        assert (rows == 0) is (file.name == "without.arrow")
        streamed = datasets.load_dataset("arrow", data_files=str(file), split="train", streaming=True)
        assert streamed.column_names == names and sum(1 for _ in streamed) == rows
        if rows:  # a split without rows is opened by streaming alone
            cache = str(tmp_path / "cache")
            opened = datasets.load_dataset("arrow", data_files=str(file), split="train", cache_dir=cache)
            assert opened.column_names == names and len(opened) == rows
