"""The benchmark of generation: what is held back, what is measured by hand, and what the script writes."""

from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from broadsheet.config.generate import ChoiceWeights, GenerateConfig
from broadsheet.errors import InputError
from broadsheet.evaluation.generation import benchmark
from broadsheet.evaluation.generation.examples import held_out, withhold
from broadsheet.evaluation.generation.measures import Measures, mean_over, personal_values
from broadsheet.evaluation.generation.rows import (
    Text,
    cut_row,
    greedy_row,
    lead_row,
    our_run,
    textrank_row,
)
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.workbench.story_writing import story_writer_with
from tests.support.tiny import START

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
STRIKE = ("The closure will cost 2,300 jobs in Ghent.", "Unions of the plant may strike next week.")
OF_TITLE = ("Zanzibar", "9,000", "Quagga")


def encode(texts):
    """Count four words, as unit vectors."""
    counts = np.array([[text.lower().count(word) for word in ("veltra", "jobs", "unions", "e")] for text in texts])
    return (counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)).astype(np.float32)


class Drafts:
    """A writer that says the same of every article, and keeps what it is asked."""

    method, model, drafts = "gpt", "0123", 2

    def __init__(self, *texts):
        self.texts, self.read = texts, []

    def __call__(self, prompts, *, job, count, most_tokens, sentences, is_refused):
        self.read += prompts
        return [list(self.texts) for _ in prompts]

    def log_likelihoods(self, texts, prompts):
        self.read += [*texts, *prompts]
        return [-1.0] * len(texts)


def write(drafts, topics=None, noted=encode, row=ARTICLE, weights=None):
    settings = GenerateConfig(headlines="personal", choice=weights or ChoiceWeights())
    return our_run(story_writer_with(drafts, noted, settings, k=9), [withhold(row)], [topics])


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


def test_each_topic_has_the_headline_that_is_likest_to_it():
    ((unions, jobs),) = write(Drafts(*STRIKE), ("unions", "jobs"), weights=ChoiceWeights(interest=9)).personal
    assert "Unions" in unions and "jobs" not in unions and "jobs" in jobs and "nions" not in jobs


class Tower:
    """A news tower that counts words of a query as it counts those of an article."""

    def __call__(self, texts):
        return encode(texts)

    def queries(self, texts):
        return encode(texts)


@pytest.mark.parametrize("shown", ["publisher", "best"])
def test_personal_headlines_are_measured_whatever_pages_show(monkeypatch, shown):
    monkeypatch.setattr(benchmark, "load_writer", lambda *name, **options: Drafts(*STRIKE))
    config = SimpleNamespace(generate=GenerateConfig(headlines=shown, choice=ChoiceWeights(interest=9)))
    writing = benchmark.Writing(SimpleNamespace(config=config, news_tower=Tower()), [withhold(ARTICLE)], print)
    wanted = write(Drafts(*STRIKE), ("unions", "jobs"), weights=ChoiceWeights(interest=9)).personal
    assert writing.ours("any", topics=[("unions", "jobs")]).personal == wanted and len({*wanted[0]}) == 2


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
    later = {one.news_id for one in held_out(newsroom, day, None)}
    earlier = {one.news_id for one in held_out(newsroom, None, day)}
    assert later == {"N3", "N4", "N5", "N6"} and earlier == {"N0", "N1", "N2"}
    assert {one.news_id for one in held_out(newsroom, date(2024, 5, 2), day)} == {"N1", "N2"}


def test_articles_stand_in_an_order_that_further_ones_do_not_change(tmp_path):
    newsroom = room_of(tmp_path)
    first = [one.news_id for one in held_out(newsroom, None, None)]
    later = [one.news_id for one in held_out(newsroom, date(2024, 5, 3), None)]
    assert [news_id for news_id in first if news_id in later] == later and first != sorted(first)


def test_short_articles_and_those_that_say_their_title_are_left_out(tmp_path):
    title = {"title": "Monday that plant 1 would close"}
    newsroom = room_of(tmp_path, n0={"body": "Veltra said that plants would close."}, n1=title)
    assert {"N0", "N1"} & {one.news_id for one in held_out(newsroom, None, None)} == set()
    with pytest.raises(InputError, match="Name other days"):
        held_out(newsroom, date(2030, 1, 1), None)


def test_the_rows_of_extracts_are_sentences_of_the_body():
    example = withhold(ARTICLE)
    lead = lead_row([example], 45)
    first = "Shares in carmaker Veltra fell 6 percent on Monday, after the company said that its plant would close."
    assert lead["headline"][0].text == first
    assert lead["summary"][0].text == BODY
    assert lead_row([example], 5)["summary"][0].text == first
    assert cut_row([example]) == {"headline": [Text(first.rstrip("."), "extract")]}
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
    headlines = {"2,300 jobs to go in Ghent": (1, 0), "Unions may strike": (0, 1)}
    asked = {"jobs": (1, 0), "unions": (0.6, 0.8)}
    found = personal_values(
        [("2,300 jobs to go in Ghent", "Unions may strike")] * 2 + [("Unions may strike",) * 2],
        ["Unions may strike", "", "9,000 unions may strike"],
        [withhold(ARTICLE)] * 3,
        [("jobs", "unions")] * 3,
        lambda texts: np.array([headlines[text] for text in texts], np.float32),
        lambda texts: np.array([asked[text] for text in texts], np.float32),
    )
    assert found["likeness"] == pytest.approx([(1 + 0.8 - 0.6 - 0) / 2] * 2 + [0])
    assert found["words"].tolist() == [1, 1, 0] and found["differ"].tolist() == [1, 1, 0]
    assert found["facts without a topic"].tolist()[::2] == [1, 0] and np.isnan(found["change of facts"][1])


def test_the_mean_over_runs_is_of_those_that_have_a_value():
    runs = [{"facts": np.array(values)} for values in ([1.0, np.nan, np.nan], [0.0, 1.0, np.nan])]
    assert mean_over(runs)["facts"].tolist()[:2] == [0.5, 1.0] and np.isnan(mean_over(runs)["facts"][2])


@pytest.mark.parametrize("options", [["x"], ["=x"], ["a="], ["a=x", "a=y"]])
def test_a_further_writer_needs_a_label_of_its_own(options):
    with pytest.raises(InputError, match="LABEL=NAME"):
        benchmark.read_writers("--writer", options)
