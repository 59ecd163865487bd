"""An endpoint as the writer: its settings, and a workbench that is given them. No model is loaded here."""

import logging
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broadsheet.config.generate import EndpointConfig, GenerateConfig
from broadsheet.config.reading import read_config
from broadsheet.config.settings import Config
from broadsheet.errors import ConfigError
from broadsheet.generate import EndpointWriter
from broadsheet.generate.writers.endpoint import allowance
from broadsheet.generate.writers.endpoint import writer as endpoint
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.nightly import stages as steps
from broadsheet.nightly.earlier import Earlier
from broadsheet.nightly.ray import engine as engine_ray
from broadsheet.own_parts import OwnParts
from broadsheet.pipeline.page_maker import ENDPOINT_SECONDS
from broadsheet.tables.arrow_files import empty, from_rows, read_table, write_table
from broadsheet.tables.schemas import NEWS, RANKED, STORIES, USERS
from broadsheet.workbench.models import EditionModels
from broadsheet.workbench.workbench import open_workbench
from tests.generate.endpoint_server import DOWN, always, said, serving


@pytest.fixture
def file(tmp_path):
    return tmp_path / "broadsheet.toml"


def write(file, writer, *lines):
    file.write_text("\n".join([f'[generate]\nwriter = "{writer}"', "[generate.endpoint]", *lines]), "utf-8")
    return file


def test_no_endpoint_is_asked_unless_one_is_named(file):
    assert "://" not in Config().generate.writer
    write(file, "asset:smollm2", 'model = "small"')
    assert read_config(file).generate.endpoint == EndpointConfig(model="small")


def test_an_endpoint_is_an_address_and_a_model(file):
    write(file, "https://a.example/v1", 'model = "small"', "timeout_seconds = 3", "retries = 0", "tokens = 500")
    generate = read_config(file).generate
    assert generate.writer == "https://a.example/v1"
    assert generate.endpoint == EndpointConfig("small", timeout_seconds=3.0, retries=0, tokens=500)


def test_an_endpoint_has_one_budget_of_tokens(file):
    file.write_text('[generate]\nwriter = "https://a.example/v1"\ntokens = 500\n[generate.endpoint]\nmodel = "small"\n')
    with pytest.raises(ConfigError, match=r"generate.tokens: found 500, expected 0 .* in \[generate.endpoint\]"):
        read_config(file)


def test_an_address_without_a_model_says_what_to_set(file):
    file.write_text('[generate]\nwriter = "https://a.example/v1"\n')
    with pytest.raises(ConfigError, match=r"generate.endpoint.model: found none, .* section \[generate.endpoint\]"):
        read_config(file)


@pytest.mark.parametrize(
    ("writer", "found"),
    [
        ("ftp://a.example/v1", "the scheme 'ftp'"),
        ("file:///etc/passwd", "the scheme 'file'"),
        ("://a.example", "the scheme ''"),
        ("https://", "no host"),
        ("https://a.example:0/v1", "port 0"),
        ("https://a.example:99999/v1", "out of range"),
        ("https://[a.example/v1", "'https://[a.example/v1' ("),
        ("https://a.example/v1?key=1", "a query"),
        ("https://a.example/v 1", "a blank"),
        ("https://ä.example/v1", "beyond ASCII"),
    ],
)
def test_an_address_that_cannot_be_asked_is_one_error(file, writer, found):
    with pytest.raises(ConfigError, match=r"generate\.writer: .*expected an address such as https://host/v1") as caught:
        read_config(write(file, writer, 'model = "small"'))
    assert found in str(caught.value) and "\n" not in str(caught.value)


def test_a_password_in_the_address_is_refused_and_not_repeated(file):
    with pytest.raises(ConfigError, match="BROADSHEET_API_KEY") as caught:
        read_config(write(file, "https://me:secret@a.example/v1", 'model = "small"'))
    assert "secret" not in str(caught.value)


def test_all_problems_of_an_endpoint_come_at_once(file):
    lines = ["timeout_seconds = 1e9", "retries = 11", "tokens = -1", 'key = "sk-secret"', "[index]", "shards = 0"]
    with pytest.raises(ConfigError) as caught:
        read_config(write(file, "gopher://a.example", *lines))
    message = str(caught.value)
    assert message.count("\n  - ") == 7
    for problem in (
        "generate.writer: found 'gopher://a.example' with the scheme 'gopher'",
        "generate.endpoint.model: found none",
        "generate.endpoint.timeout_seconds: found 1000000000.0, expected a number from 0.1 to 600",
        "generate.endpoint.retries: found 11, expected a whole number from 0 to 10",
        "generate.endpoint.tokens: found -1, expected a whole number of at least 0",
        "generate.endpoint.key: no such setting; known here: model,",
        "index.shards: found 0",
    ):
        assert problem in message


@pytest.fixture
def edition(tmp_path):
    """An edition that is ranked: forty articles for one reader."""
    edition = Edition(tmp_path / "edition")
    rest = {"abstract": "", "category": "", "subcategory": "", "language": "en", "source": "", "url": ""}
    told = "Shares in carmaker Veltra fell 6 percent on Monday. The closure of plant {} will cost 2,300 jobs."
    articles = [  # no two have one prompt, which would be asked once
        {"news_id": f"n{n}", "title": f"Veltra to close plant {n}", "body": told.format(n), "content_hash": f"{n:016}"}
        | rest
        for n in range(40)
    ]
    ranked = [
        {"user_id": "u", "news_id": f"n{n}", "rank": n + 1, "score": 1.0, "fused": 1.0, "reason": ""}
        for n in range(len(articles))
    ]
    write_table(edition.news, from_rows(articles, NEWS), NEWS)
    write_table(edition.ranked, from_rows(ranked, RANKED), RANKED)
    write_table(edition.users, empty(USERS), USERS)
    return edition


@pytest.fixture
def bench_of(tmp_path, file, edition, encoder, monkeypatch):
    """Makes the workbench of that edition with an endpoint at an address."""
    monkeypatch.setattr(endpoint, "FIRST_WAIT", 0.01)

    settings = (
        '[retrieval]\nencoder = "{encoder}"\n'
        '[generate]\nwriter = "{url}"\nheadlines = "best"\nstories = 40\nleast_kept = 0\n'
        '[generate.endpoint]\nmodel = "small"\n'
    )

    def make(url):
        file.write_text(
            settings.format(encoder=encoder, url=url),
            "utf-8",
        )
        models = EditionModels(Newsroom(tmp_path), read_config(file))
        bench = open_workbench(models, edition, datetime(2024, 5, 1, tzinfo=UTC))
        for stage in ("encode", "index"):
            steps.STAGES[stage](bench, edition, Earlier())
        return bench

    return make


def test_the_bounds_that_the_document_names_are_those_of_the_code():
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "choose-a-writer.md").read_text("utf-8")
    defaults = EndpointConfig()
    assert f"timeout_seconds = {defaults.timeout_seconds:g} " in page and f"tokens = {defaults.tokens} " in page
    assert f"retries = {defaults.retries} " in page and endpoint.AT_ONCE == 4 and "Four requests" in page
    assert allowance.IN_A_ROW == 8 and "eight drafts in a row" in page and allowance.PAUSE == 60.0
    assert f"`Retry-After` asks for, {endpoint.MOST_WAIT:g} seconds at most" in page
    assert f"waits {ENDPOINT_SECONDS:g} seconds at most" in page and f"last\n{endpoint.KEPT:,} drafts" in page


def test_a_workbench_opens_the_endpoint_without_asking_it(bench_of):
    with serving(always(said("Veltra fell."))) as server:
        writer = bench_of(server.url).models.writer
        assert isinstance(writer, EndpointWriter) and (writer.method, len(writer.model)) == ("endpoint", 16)
        assert server.requests == []


def test_the_stage_writes_the_edition_and_warns_once_where_the_endpoint_is_down(bench_of, edition, caplog):
    with serving(always(DOWN)) as server, caplog.at_level(logging.WARNING):
        line = steps.generate(bench_of(server.url), edition, Earlier()).line
    stories = read_table(edition.stories, STORIES)
    assert {tuple(method.values()) for method in stories["method"].to_pylist()} == {("original", "extract")}
    assert "articles without an answer: 40" in line
    warnings = [record.getMessage() for record in caplog.records if record.name == endpoint.log.name]
    assert [one.partition(" (")[0].partition(": ")[2] for one in warnings] == ["80 of 80 drafts had no answer"]


def test_under_ray_one_process_asks_the_endpoint(bench_of, edition):
    def spread(*blocks):
        pytest.fail("the endpoint was given to workers, each with a budget of its own")

    with serving(always(said("Shares in Veltra fell 6 percent on Monday."))) as server:
        line = engine_ray._generate(spread, bench_of(server.url), edition, Earlier()).line
        assert len(server.requests) == 80
    assert line.startswith("40 stories and 40 for new readers of 40 articles") and "without an answer" not in line


def test_only_summaries_are_asked_of_an_endpoint_unless_headlines_are_wanted(bench_of, edition, file):
    with serving(always(said("Shares in Veltra fell 6 percent on Monday."))) as server:
        bench = bench_of(server.url)
        publishers = replace(bench.models.config.generate, headlines="publisher")
        models = EditionModels(bench.data.newsroom, replace(bench.models.config, generate=publishers))
        steps.generate(open_workbench(models, edition, bench.data.as_of), edition, Earlier())
        assert len(server.requests) == 40
    assert {method["headline"] for method in read_table(edition.stories, STORIES)["method"].to_pylist()} == {"original"}


def test_a_function_of_the_sites_own_is_asked_for_headlines_though_they_are_the_publishers(bench_of, edition):
    asked = []

    def write(prompts, job):
        asked.append(job)
        return [None] * len(prompts) if job == "headline" else ["Shares in Veltra fell 6 percent."] * len(prompts)

    bench = bench_of("https://host.example/v1")
    unnamed = replace(bench.models.config, generate=GenerateConfig(writer="", stories=40, least_kept=1.0))
    models = EditionModels(bench.data.newsroom, unnamed, OwnParts(writer=write))
    report = steps.generate(open_workbench(models, edition, bench.data.as_of), edition, Earlier())
    assert unnamed.generate.headlines == "publisher" and set(asked) == {"headline", "summary"}
    assert report.counts["beyond_budget"] == 0
