"""`[retrieval] enrich_titles`: what the news tower reads, and vectors that are made anew when it changes."""

from datetime import UTC, datetime

import numpy as np
import pytest

from broadsheet.errors import ModelError
from broadsheet.importers.transaction import Import
from broadsheet.newsroom.entries import read_changes
from broadsheet.newsroom.journal import Journal
from broadsheet.nightly.build import build
from broadsheet.nightly.earlier import Earlier
from broadsheet.nightly.ray.worker import ENCODE, Worker
from broadsheet.nightly.verify import verify_edition
from broadsheet.pipeline import Pipeline
from broadsheet.retrieval import news_text
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.files import part_path, parts_of
from broadsheet.tables.schemas import NEWS, news_vectors
from broadsheet.tables.vectors import vectors_to_numpy
from broadsheet.training.towers import make_tokens
from broadsheet.workbench.models import EditionModels
from broadsheet.workbench.workbench import open_workbench
from tests.support.tiny import make_news

BODY = "The rocket of the lab says a new planet. The ocean of the cell says a new study."
BARE = {"title": "Wins after wins", "abstract": "", "body": BODY, "category": "science"}
ENRICHED = news_text(BARE["title"], BODY, "science")


def set_enriched(room, value):
    lines = [line for line in room.config_file.read_text().splitlines() if "enrich_titles" not in line]
    lines.insert(lines.index("[retrieval]") + 1, f"enrich_titles = {value}")
    room.config_file.write_text("\n".join(lines))


def vector_of(edition, news_id):
    table = read_table(edition.news_vectors, news_vectors(32))
    return vectors_to_numpy(table)[table["news_id"].to_pylist().index(news_id)]


@pytest.fixture
def room(newsroom):
    with Import(newsroom) as add:
        add.news([make_news()[0] | BARE | {"news_id": "BARE"}])
    return newsroom


def test_articles_are_encoded_anew_when_the_setting_changes_and_only_then(room):
    plain = build(room, ["fan"])
    said, editions = [], []
    for value in ("true", "true", "false"):
        lines = []
        set_enriched(room, value)
        editions.append(build(room, ["fan"], lines.append))
        assert verify_edition(editions[-1]) == []
        said.append(lines[0])
    assert said[0].startswith("encode: 61 articles encoded, 0 taken over: all again: another model")
    assert said[1].startswith("encode: 0 articles encoded, 61 taken over")
    tower = EditionModels(room, room.config()).news_tower
    assert vector_of(plain, "BARE") == pytest.approx(tower([news_text(BARE["title"], "", "science")])[0], abs=1e-6)
    assert vector_of(editions[0], "BARE") == pytest.approx(tower([ENRICHED])[0], abs=1e-6)
    assert np.array_equal(vector_of(editions[0], "N5"), vector_of(plain, "N5")), "its abstract says more"
    names = [edition.read_manifest()["models"]["news_tower"] for edition in (plain, *editions)]
    assert names[0] == names[3] != names[1] == names[2]


def test_a_running_process_says_so_if_the_setting_is_another_than_the_editions(room):
    build(room, ["fan"])
    set_enriched(room, "true")
    with pytest.raises(ModelError, match="`enrich_titles`"):
        Pipeline.open(room.path)


def test_workers_late_articles_and_training_read_what_the_build_reads(room):
    set_enriched(room, "true")
    edition = build(room, ["fan"])
    pipeline = Pipeline.open(room.path)
    bench = open_workbench(EditionModels(room, room.config()), edition, datetime.now(UTC))
    pipeline.add([BARE | {"news_id": "LATE"}])
    (added,) = [read_changes([entry], lambda table, model: table).added for entry in Journal(room).entries()]
    assert vectors_to_numpy(added)[0] == pytest.approx(vector_of(edition, "BARE"), abs=1e-6)
    row = read_table(edition.news, NEWS)["news_id"].to_pylist().index("BARE")
    worker = Worker(ENCODE, "run", room, edition, room.config(), bench.data.as_of, Earlier())
    worker._answer({"part": 0, "blocks": [[row]]})
    part = read_table(part_path(parts_of(edition.news_vectors), 0), news_vectors(32))
    assert vectors_to_numpy(part)[0] == pytest.approx(vector_of(edition, "BARE"), abs=1e-6)
    tokens = make_tokens(bench.data, bench.models, 0.0)
    (batch,) = tokens([row])
    expected = tokens._tokenizer(ENRICHED)["input_ids"]
    assert batch["input_ids"][batch["attention_mask"] == 1].tolist() == expected
