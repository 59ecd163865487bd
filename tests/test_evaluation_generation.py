"""The benchmark of generation: what is held back, what is measured by hand, and what the script writes."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from transformers import AutoTokenizer

from broadsheet.config_generate import GenerateConfig
from broadsheet.corpus.store import Import
from broadsheet.errors import InputError
from broadsheet.evaluation_generation import held_out, topics_of_readers, two_topics, withhold
from broadsheet.evaluation_generation_measure import open_newsroom, read_writers
from broadsheet.evaluation_generation_metrics import Measures, mean_over, personal_values
from broadsheet.evaluation_generation_rows import (
    Text,
    cut_row,
    greedy_row,
    lead_row,
    our_run,
    story_writer,
    textrank_row,
)
from broadsheet.newsroom import Newsroom
from tests.test_evaluation_report import PNG, run_script
from tests.tiny import START, TOPICS, make_news, make_newsroom, make_writer

BODY = (
    "Shares in carmaker Veltra fell 6 percent on Monday, after the company said that its plant would close. "
    "The closure will cost 2,300 jobs in Ghent. Unions of the plant may strike next week."
)
ARTICLE = {
    "news_id": "n1",
    "title": "Zanzibar: 9,000 unions may strike",
    "abstract": "Quagga and okapi were seen in Zanzibar by 9,000 people.",
    "body": BODY,
    "category": "business",
    "subcategory": "",
    "language": "en",
    "source": "",
    "url": "",
    "published_at": START,
    "content_hash": "0",
}
OF_TITLE = ("Zanzibar", "9,000", "Quagga")


def encode(texts):
    """Count four words, as unit vectors."""
    counts = np.array([[text.lower().count(word) for word in ("veltra", "jobs", "unions", "e")] for text in texts])
    return (counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)).astype(np.float32)


class Drafts:
    """A writer that says the same of every article, and keeps what it is asked."""

    method, model = "gpt", "0123"

    def __init__(self, *drafts):
        self.drafts, self.read = drafts, []

    def __call__(self, prompts, *, count=1, most_tokens=0):
        self.read += prompts
        return [list(self.drafts) for _ in prompts]

    def log_likelihoods(self, texts, prompts):
        self.read += [*texts, *prompts]
        return [-1.0] * len(texts)


def write(drafts, topics=None, noted=encode, row=ARTICLE):
    example = withhold(row)
    return our_run(story_writer(drafts, noted, GenerateConfig(), drafts=2, k=9), [example], [topics])


def test_neither_writer_nor_choice_reads_title_or_abstract():
    drafts = Drafts("Shares in carmaker Veltra fell 6 percent on Monday.", "Unions may strike next week.")
    read = []

    def noted(texts):
        read.extend(texts)
        return encode(texts)

    run = write(drafts, ("jobs", "unions"), noted)
    assert len(drafts.read) > 2 and read
    assert not [text for text in [*drafts.read, *read] for word in OF_TITLE if word in text]
    assert all(prompt.startswith("Shares in carmaker") for prompt in drafts.read[:2])
    assert run.written["headline"][0].refused == () and len(run.personal) == 1


def test_what_the_title_or_the_abstract_alone_says_is_refused_by_the_gate():
    run = write(Drafts("Quagga and okapi were seen in Zanzibar.", "Zanzibar: 9,000 unions may strike."))
    for job in ("headline", "summary"):
        (text,) = run.written[job]
        assert text.method == "extract" and len(text.refused) >= 2
        assert all(check.startswith(f"gpt {job}: ") for check in text.refused)
    assert "gpt headline: number 9,000" in run.written["headline"][0].refused
    measured = Measures(encode)(
        [Text("Quagga and okapi were seen in Zanzibar.", "gpt")], [withhold(ARTICLE)], "summary"
    )
    assert measured["facts"].tolist() == [0.0]


def test_extracts_do_not_lean_on_the_title():
    settings = Drafts("Quagga and okapi were seen in Zanzibar.")
    first = "Shares in carmaker Veltra fell 6 percent on Monday, after the company said that its plant would close."
    assert write(settings).written["summary"][0].text == f"{first} The closure will cost 2,300 jobs in Ghent."
    titled = {**ARTICLE, "title": "Unions of plant may strike next week", "body": BODY.replace(".", ". ")}
    assert write(settings, row=titled).written["summary"][0].text.startswith("Shares")


def test_where_nothing_passes_ours_has_no_text_and_not_the_title():
    row = {**ARTICLE, "body": "rain fell and fell and fell all day and night " * 9}
    (text,) = write(Drafts("Zanzibar has 9,000 unions."), row=row).written["headline"]
    assert (text.text, text.method) == ("", "original")
    measured = Measures(encode)([text], [withhold(row)], "headline")
    assert measured["ROUGE-L"].tolist() == measured["similarity"].tolist() == measured["shown"].tolist() == [0.0]
    assert np.isnan(measured["facts"]).all() and measured["fallback"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("abstract", "reference"),
    [
        ("One two three four five six seven", ""),
        ("One two three four five six seven eight", "One two three four five six seven eight"),
        ("the closure will COST 2,300 jobs; in Ghent: unions", ""),
    ],
)
def test_an_abstract_is_a_reference_if_it_is_long_and_the_body_does_not_say_it(abstract, reference):
    assert withhold({**ARTICLE, "abstract": abstract}).abstract == reference


def room_of(path, **changes):
    """Articles of one day each, from the first of May on, the last of unknown day; `changes` by their number."""
    rows = []
    for number in range(8):
        body = " ".join([f"Veltra said on Monday that plant {number} would close."] * 10)
        row = {"news_id": f"N{number}", "title": f"Zanzibar {number}", "abstract": "", "body": body, "category": ""}
        row["published_at"] = None if number == 7 else START + timedelta(days=number, hours=23)
        rows.append(row | changes.get(f"n{number}", {}))
    newsroom = Newsroom(path)
    with Import(newsroom) as add:
        add.news(rows)
    return newsroom


def test_articles_are_split_by_their_day_and_those_of_unknown_day_are_in_neither_part(tmp_path):
    newsroom, day = room_of(tmp_path), date(2024, 5, 4)
    later = {one.news_id for one in held_out(newsroom, day, None, 99)}
    earlier = {one.news_id for one in held_out(newsroom, None, day, 99)}
    assert later == {"N3", "N4", "N5", "N6"} and earlier == {"N0", "N1", "N2"}
    assert {one.news_id for one in held_out(newsroom, date(2024, 5, 2), day, 99)} == {"N1", "N2"}


def test_a_smaller_sample_is_the_beginning_of_a_larger_one(tmp_path):
    newsroom = room_of(tmp_path)
    all_of_them = [one.news_id for one in held_out(newsroom, None, None, 99)]
    assert [one.news_id for one in held_out(newsroom, None, None, 3)] == all_of_them[:3] != sorted(all_of_them)[:3]


def test_short_articles_and_those_that_say_their_title_are_left_out(tmp_path):
    title = {"title": "Monday that plant 1 would close"}
    newsroom = room_of(tmp_path, n0={"body": "Veltra said that plants would close."}, n1=title)
    assert {"N0", "N1"} & {one.news_id for one in held_out(newsroom, None, None, 99)} == set()
    with pytest.raises(InputError, match="--since"):
        held_out(newsroom, date(2030, 1, 1), None, 99)


def test_the_rows_of_extracts_are_sentences_of_the_body():
    example = withhold(ARTICLE)
    lead = lead_row([example], 45)
    first = "Shares in carmaker Veltra fell 6 percent on Monday, after the company said that its plant would close."
    assert lead["headline"][0].text == first
    assert lead["summary"][0].text == BODY
    assert lead_row([example], 5)["summary"][0].text == first
    assert cut_row([example]) == {"headline": [Text("Shares in carmaker Veltra fell 6 percent on Monday", "extract")]}
    ranked = textrank_row([example], 20)
    assert ranked["headline"][0].text in BODY and ranked["headline"][0].text.endswith(".")
    assert len(ranked["summary"][0].text.split()) <= 20


def test_a_greedy_draft_is_tidied_and_not_checked():
    row = greedy_row(
        lambda prompts, most_tokens: ["Headline: Zanzibar has 9,000 unions. It"], "gpt", [withhold(ARTICLE)]
    )
    assert row["headline"] == [Text("Zanzibar has 9,000 unions", "gpt")]
    assert row["summary"] == [Text("Zanzibar has 9,000 unions.", "gpt")]


def test_likeness_is_that_of_the_books_and_nothing_without_a_reference():
    example = withhold({**ARTICLE, "title": "Unions may strike over jobs", "abstract": ""})
    measured = Measures(encode)([Text("Unions may strike", "gpt")], [example], "headline")
    assert measured["ROUGE-1"][0] == pytest.approx(2 * 1 * 0.6 / 1.6)
    assert measured["ROUGE-2"][0] == pytest.approx(2 * 1 * 0.5 / 1.5)
    assert measured["similarity"][0] == pytest.approx(3 / np.sqrt(2 * 6))  # (0, 0, 1, 1) and (0, 1, 1, 2)
    assert measured["words"][0] == 3 and measured["copied"][0] == pytest.approx(2 / 3)
    assert np.isnan(Measures(encode)([Text("Unions", "gpt")], [example], "summary")["ROUGE-L"]).all()


def test_a_personal_headline_is_liker_its_own_topic_by_the_mean_of_both():
    vectors = {"jobs": (1, 0), "unions": (0.6, 0.8), "2,300 jobs to go in Ghent": (1, 0), "Unions may strike": (0, 1)}
    found = personal_values(
        [("2,300 jobs to go in Ghent", "Unions may strike")] * 2 + [("Unions may strike",) * 2],
        ["Unions may strike", "", "9,000 unions may strike"],
        [withhold(ARTICLE)] * 3,
        [("jobs", "unions")] * 3,
        lambda texts: np.array([vectors[text] for text in texts], np.float32),
    )
    assert found["likeness"] == pytest.approx([(1 + 0.8 - 0.6 - 0) / 2] * 2 + [0])
    assert found["words"].tolist() == [1, 1, 0] and found["differ"].tolist() == [1, 1, 0]
    assert found["facts without a topic"].tolist()[::2] == [1, 0] and np.isnan(found["change of facts"][1])


def test_two_topics_are_the_nearest_of_those_that_are_like_the_article():
    examples = [withhold(ARTICLE), withhold({**ARTICLE, "body": "Unions!"})]
    found = two_topics(examples, ["veltra", "xyz", "unions", "Veltra jobs"], encode)
    likeness = encode([examples[0].lead("headline")]) @ encode(["veltra", "xyz", "unions", "Veltra jobs"]).T
    best = [["veltra", "xyz", "unions", "Veltra jobs"][place] for place in np.argsort(-likeness[0])[:2]]
    assert found[0] == tuple(best) and found[1] is None
    assert two_topics(examples, ["veltra"], encode) == [None, None]


def test_the_mean_over_seeds_is_of_those_that_have_a_value():
    runs = [{"facts": np.array(values)} for values in ([1.0, np.nan, np.nan], [0.0, 1.0, np.nan])]
    assert mean_over(runs)["facts"].tolist()[:2] == [0.5, 1.0] and np.isnan(mean_over(runs)["facts"][2])


@pytest.mark.parametrize("options", [["x"], ["=x"], ["a="], ["a=x", "a=y"]])
def test_a_further_writer_needs_a_label_of_its_own(options):
    with pytest.raises(InputError, match="LABEL=NAME"):
        read_writers(options)


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


def test_the_script_writes_json_markdown_plots_and_samples(room, tmp_path, capsys):
    again = [f"again={room.config().generate.writer}"]
    run_script(
        "benchmark_generation", room.path, articles=4, writer=again, samples=tmp_path / "read", out=tmp_path / "out"
    )
    document = json.loads((tmp_path / "out" / "generation.json").read_text())
    rows = ["lead sentence", "lead cut to a headline", "TextRank", "writer greedy", "ours, one draft"]
    rows += ["again greedy", "ours, again", "ours"]
    headline, summary = document["jobs"]["headline"], document["jobs"]["summary"]
    assert list(headline["rows"]) == rows
    assert list(summary["rows"]) == [row for row in rows if row != "lead cut to a headline"]
    for metrics in [*headline["rows"].values(), *summary["rows"].values()]:
        assert all(value["low"] <= value["mean"] <= value["high"] for value in metrics.values())
    assert headline["rows"]["ours"] == headline["rows"]["ours, again"]
    assert [len(headline["runs"][row]) for row in ("ours", "ours, again")] == [3, 3] and document["seeds"] == [0, 1, 2]
    assert sum(headline["chosen"]["ours"].values()) == 12 and sum(headline["chosen"]["writer greedy"].values()) == 4
    assert document["articles"]["measured"] == 4 and document["articles"]["since"] == "2017-03-18"
    mean = headline["rows"]["ours"]["ROUGE-L"]["mean"] - headline["rows"]["TextRank"]["ROUGE-L"]["mean"]
    (found,) = [
        one
        for one in document["differences"]
        if (one["job"], one["minus"], one["metric"]) == ("headline", "TextRank", "ROUGE-L")
    ]
    assert found["of"] == "ours" and found["mean"] == pytest.approx(mean) and found["p_holm"] >= found["p"]
    assert document["personal"]["articles"] == 4 and 2 <= document["personal"]["topics"] <= 8
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


def test_the_script_measures_speed_alone(room, tmp_path, capsys):
    run_script("benchmark_generation", room.path, articles=2, speed=True, rounds=2, out=tmp_path)
    document = json.loads((tmp_path / "generation-speed.json").read_text())
    rows = document["rows"]
    assert list(rows) == ["one by one", "batches of 8, bfloat16", "ours, one draft", "ours"]
    assert all(len(row["seconds"]) == 2 and row["tokens"] and row["tokens_per_second"] > 0 for row in rows.values())
    assert rows["one by one"]["times_one_by_one"] == 1 and rows["batches of 8, bfloat16"]["times_batched"] == 1
    assert rows["ours"]["seconds_per_article"] == pytest.approx(sum(rows["ours"]["seconds"]) / 2 / 2)
    assert document["dtypes"]["batches of 8, bfloat16"] == "bfloat16"
    assert {path.name for path in tmp_path.iterdir()} == {"generation-speed.json", "generation-speed.md"}
    assert (tmp_path / "generation-speed.md").read_text().strip() == capsys.readouterr().out.strip()


def test_the_readers_topics_are_found_once(room):
    found = topics_of_readers(room)
    assert {"football", "election", "space rocket"} <= set(found) and len(found) == len(set(found))


def test_samples_are_not_written_where_they_would_be_published(room):
    published = Path(__file__).parents[1] / "benchmarks" / "results"
    with pytest.raises(InputError, match="publishers"):
        run_script("benchmark_generation", room.path, samples=published)


def test_a_day_that_is_none_is_one_clear_error(room):
    with pytest.raises(InputError, match="--until: found 'spring'"):
        run_script("benchmark_generation", room.path, until="spring")


@pytest.mark.parametrize("writer", ["", "https://example.org/v1"])
def test_a_newsroom_without_a_writer_that_runs_here_is_one_clear_error(tmp_path, encoder, writer):
    newsroom = make_newsroom(tmp_path / "room", encoder, writer=writer, extra='[generate.endpoint]\nmodel = "m"\n')
    with pytest.raises(InputError, match="runs here"):
        open_newsroom(newsroom)
