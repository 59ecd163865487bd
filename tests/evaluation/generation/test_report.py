"""The script of the benchmark of generation, with tiny models: what it writes and what it refuses."""

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from broadsheet.errors import InputError
from broadsheet.evaluation.generation import examples as evaluation_generation
from broadsheet.evaluation.generation.benchmark import open_models
from broadsheet.evaluation.generation.examples import topics_of_readers
from broadsheet.evaluation.generation.speed import NOTES as SPEED_NOTES
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.training.writer import train_writer
from tests.support.scripts import PNG, run_script
from tests.support.tiny import TOPICS, make_news, make_newsroom, make_writer

pytestmark = pytest.mark.usefixtures("few_tokens")


@pytest.fixture(scope="module")
def room(tmp_path_factory, encoder):
    """Twelve articles of ninety words and more, and a reader of two topics."""
    folder = tmp_path_factory.mktemp("generated")
    writer = make_writer(folder / "writer")
    tokenizer = AutoTokenizer.from_pretrained(writer)
    tokenizer.chat_template = "{{ messages[0]['content'] }} :"  # so that a draft is not ended where it begins
    tokenizer.save_pretrained(writer)
    newsroom = make_newsroom(folder / "newsroom", encoder, writer=str(writer), news=0)
    with Import(newsroom) as add:
        add.news([_long(row, number) for number, row in enumerate(make_news(12))])
        add.users([{"user_id": "both", "history": [], "profile": "football, election", "hidden": []}])
    return newsroom


def _long(row, number):
    """An article whose title its body does not say; every second one has an abstract that is a reference."""
    words = TOPICS[row["category"]]
    body = " ".join(
        f"The {words[k % 8]} of the new {words[(k + number) % 8]} says {words[k // 2 % 8]}." for k in range(12)
    )
    abstract = f"After the {words[1]}: a {words[2]} for the {words[3]} and the {words[4]}." if number % 2 else ""
    day = datetime(2017, 3, 14 + number % 8, tzinfo=UTC)
    return row | {"title": f"{words[0]} wins after {words[5]}", "abstract": abstract, "body": body, "published_at": day}


def test_the_script_writes_json_markdown_plots_and_samples(room, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(evaluation_generation, "ALIKE", 1.0)  # to the tiny encoder all topics are alike
    again = [f"again={room.config().generate.writer}"]
    run_script(
        "benchmark_generation", room.path, articles=4, writer=again, samples=tmp_path / "read", out=tmp_path / "out"
    )
    document = json.loads((tmp_path / "out" / "generation.json").read_text())
    rows = ["lead sentence", "lead cut to a headline", "TextRank", "writer greedy", "ours, not fine-tuned"]
    rows += ["again greedy", "ours, again", "ours"]
    headline, summary = document["jobs"]["headline"], document["jobs"]["summary"]
    assert list(headline["rows"]) == rows
    assert list(summary["rows"]) == [row for row in rows if row != "lead cut to a headline"]
    for metrics in [*headline["rows"].values(), *summary["rows"].values()]:
        assert all(value["low"] <= value["mean"] <= value["high"] for value in metrics.values())
    again = {name: value["mean"] for name, value in headline["rows"]["ours, again"].items()}
    assert len(headline["runs"]["ours"]) == 3 and headline["runs"]["ours"][0] == pytest.approx(again)
    assert document["trainings"] == [{}] * 3
    assert sum(headline["chosen"]["ours"].values()) == 12 and sum(headline["chosen"]["writer greedy"].values()) == 4
    assert document["articles"]["measured"] == 4 and document["articles"]["since"] == "2017-03-18"
    mean = headline["rows"]["ours"]["ROUGE-L"]["mean"] - headline["rows"]["TextRank"]["ROUGE-L"]["mean"]
    (found,) = [
        one
        for one in document["differences"]
        if (one["job"], one["minus"], one["metric"]) == ("headline", "TextRank", "ROUGE-L")
    ]
    assert found["of"] == "ours" and found["mean"] == pytest.approx(mean) and found["p_holm"] >= found["p"]
    assert document["personal"]["articles"] == 2 and 2 <= document["personal"]["topics"] <= 8
    markdown = (tmp_path / "out" / "generation.md").read_text()
    assert markdown.strip() == capsys.readouterr().out.strip()
    assert "| ours - TextRank | ROUGE-L | " in markdown and "## Personal headlines" in markdown
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == {
        f"generation-{job}.png" for job in document["jobs"]
    }
    assert all(path.read_bytes().startswith(PNG) for path in (tmp_path / "out").glob("*.png"))
    samples = (tmp_path / "read" / "generation-samples.md").read_text()
    assert samples.count("\n## ") == 4 and "- summary, TextRank [extract]: " in samples
    titles = [line.removeprefix("## ") for line in samples.splitlines() if line.startswith("## ")]
    assert not [title for title in titles if title in json.dumps(document) or title in markdown]


def test_ours_is_the_mean_over_trainings_with_several_seeds(room, tmp_path):
    copied = Newsroom(shutil.copytree(room.path, tmp_path / "newsroom"))
    copied.config_file.write_text(room.config_file.read_text() + "[writer]\nepochs = 1\nlearning_rate = 0.05\n")
    tuned = [tmp_path / str(seed) for seed in (0, 1)]
    for seed, folder in enumerate(tuned):
        train_writer(copied, jobs=["headline"], seed=seed, out=folder)
    run_script("benchmark_generation", copied.path, articles=2, tuned=tuned, out=tmp_path / "out")
    document = json.loads((tmp_path / "out" / "generation.json").read_text())
    assert [training["recipe"]["seed"] for training in document["trainings"]] == [0, 1]
    assert document["trainings"][0]["fingerprint"] != document["trainings"][1]["fingerprint"]
    headline = document["jobs"]["headline"]
    runs = headline["runs"]["ours"]
    assert headline["rows"]["ours"]["shown"]["mean"] == pytest.approx((runs[0]["shown"] + runs[1]["shown"]) / 2)
    assert "fine-tuned with the seeds 0, 1." in (tmp_path / "out" / "generation.md").read_text()


def test_the_script_measures_speed_alone(room, tmp_path, capsys):
    run_script("benchmark_generation", room.path, articles=2, speed=True, rounds=2, out=tmp_path)
    document = json.loads((tmp_path / "generation-speed.json").read_text())
    rows = document["rows"]
    assert list(rows) == list(SPEED_NOTES)
    assert all(len(row["seconds"]) == 2 and row["tokens"] and row["tokens_per_second"] > 0 for row in rows.values())
    assert rows["one by one"]["times_one_by_one"] == 1 and rows["batches of 8, bfloat16"]["times_batched"] == 1
    assert rows["batches of 8, dtype of ours"]["times_batched_alike"] == 1 and rows["ours"]["times_one_alike"] > 0
    night = document["second_night"]
    assert night["changed"] == 1 and night["share_from_cache"] == pytest.approx(0.5, abs=0.1)
    assert rows["ours"]["seconds_per_article"] == pytest.approx(sum(rows["ours"]["seconds"]) / 2 / 2)
    assert document["dtypes"]["batches of 8, bfloat16"] == "bfloat16"
    assert {path.name for path in tmp_path.iterdir()} == {"generation-speed.json", "generation-speed.md"}
    assert (tmp_path / "generation-speed.md").read_text().strip() == capsys.readouterr().out.strip()


def test_the_readers_topics_are_found_once(room):
    found = topics_of_readers(room)
    assert {"football", "election", "space rocket"} <= set(found) and len(found) == len(set(found))


def test_topics_are_found_in_what_was_published_before_a_day_and_in_nothing_later(room):
    own = topics_of_readers(room)
    assert topics_of_readers(room, date(2000, 1, 1)) == own
    later = topics_of_readers(room, date(2100, 1, 1))
    assert later[: len(own)] == own and len(later) == len(set(later)) > len(own)


def test_samples_are_not_written_where_they_would_be_published(room):
    published = Path(__file__).parents[3] / "benchmarks" / "results"
    with pytest.raises(InputError, match="publishers"):
        run_script("benchmark_generation", room.path, samples=published)


def test_a_day_that_is_none_is_one_clear_error(room):
    with pytest.raises(InputError, match="--until: found 'spring'"):
        run_script("benchmark_generation", room.path, until="spring")


@pytest.mark.parametrize("writer", ["", "https://example.org/v1"])
def test_a_newsroom_without_a_writer_that_runs_here_is_one_clear_error(tmp_path, encoder, writer):
    newsroom = make_newsroom(tmp_path / "room", encoder, writer=writer, extra='[generate.endpoint]\nmodel = "m"\n')
    with pytest.raises(InputError, match="runs here"):
        open_models(newsroom)
