"""The whole measurement on MIND, with tiny models and a folder made by hand."""

import pytest

from broadsheet.errors import InputError
from broadsheet.evaluation.mind.reproduction import Asked, described_inputs, reproduce
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from tests.support.tiny import TOPICS

SETTINGS = """
[retrieval]
encoder = "{encoder}"
[rerank]
encoder = "{encoder}"
[generate]
writer = "none"
[towers]
epochs = 1
[reranker]
epochs = 1
batch_size = 4
learning_rate = 0.02
"""
IMPRESSIONS = 48


def make_mind(folder, day, days):
    """Twelve articles, and readers who click the article of their own topic on each of some days."""
    folder.mkdir()
    topics = list(TOPICS)
    news = [(f"N{number}", topics[number % 3], TOPICS[topics[number % 3]]) for number in range(12)]
    lines = [f"{i}\t{topic}\t\tThe {words[int(i[1:]) % 8]} {words[0]}\t\t\t\t\n" for i, topic, words in news]
    (folder / "news.tsv").write_text("".join(lines), "utf-8")
    rows = [
        f"{n}\tU{n % 3}\t11/{day + n % days}/2019 9:00:00 AM\tN{n % 3} N{n % 3 + 3}\t"
        f"N{n % 3 + 6}-1 N{(n + 1) % 3 + 6}-0 N{(n + 2) % 3 + 9}-0\n"
        for n in range(IMPRESSIONS)
    ]
    (folder / "behaviors.tsv").write_text("".join(rows), "utf-8")
    return folder


@pytest.fixture(scope="module")
def asked(tmp_path_factory, encoder):
    folder = tmp_path_factory.mktemp("mind")
    asked = Asked(make_mind(folder / "train", 12, 2), make_mind(folder / "dev", 15, 1), folder / "work")
    room = asked.work / "newsroom"
    room.mkdir(parents=True)
    (room / "broadsheet.toml").write_text(SETTINGS.format(encoder=encoder), "utf-8")
    return asked


@pytest.fixture(scope="module")
def first(asked):
    lines = []
    return reproduce(asked, lines.append), lines


def test_a_folder_of_mind_becomes_the_table_with_the_models_of_three_seeds_and_the_hashes_of_its_inputs(first, asked):
    report, _ = first
    rows = report.document["rows"]
    assert {"random", "popularity", "frozen towers", "LoRA towers", "LoRA cross-encoder", "pipeline"} <= set(rows)
    assert len(report.document["runs"]["LoRA towers"]) == 3
    files = report.document["inputs"]["files"]
    assert set(files) == {f"{part}/{name}.tsv" for part in ("train", "valid") for name in ("news", "behaviors")}
    assert (
        files["train/behaviors.tsv"]["rows"] == IMPRESSIONS
        and f"SHA-256 {files['valid/news.tsv']['sha256']}" in report.markdown
    )
    assert report.document["data"]["impressions"] == IMPRESSIONS
    splits = {
        split: Newsroom(asked.work / "newsroom").impressions(split).is_file() for split in ("train", "tune", "valid")
    }
    assert all(splits.values())


def test_a_second_run_only_measures_which_needs_no_index_and_gives_the_same_figures(first, asked):
    lines = []
    again = reproduce(asked, lines.append)
    assert again.document["rows"] == first[0].document["rows"]
    assert not [line for line in lines if "trained on" in line or line.startswith(("imported", "index"))], lines


def test_a_work_folder_of_other_inputs_is_refused(first, asked, tmp_path):
    other = Asked(asked.train, make_mind(tmp_path / "dev", 16, 1), asked.work)
    with pytest.raises(InputError, match=r"holds the work on other inputs: valid/behaviors\.tsv changed"):
        reproduce(other, lambda _: None)


def test_a_work_folder_goes_on_although_the_import_has_set_its_clock_and_not_with_other_settings(tmp_path):
    asked = Asked(make_mind(tmp_path / "train", 12, 2), make_mind(tmp_path / "dev", 15, 1), tmp_path / "work")
    inputs = described_inputs(asked)
    with Import(Newsroom(asked.work / "newsroom")) as add:
        add.archive()
        add.news([{"news_id": "N1", "title": "A title"}])
    assert 'clock = "latest"' in (asked.work / "newsroom" / "broadsheet.toml").read_text("utf-8")
    assert described_inputs(asked) == inputs
    (asked.work / "newsroom" / "broadsheet.toml").write_text("[towers]\nepochs = 2\n", "utf-8")
    assert described_inputs(asked)["settings"] != inputs["settings"]
