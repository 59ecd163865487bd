"""The measurement of the fact gate: what is planted, what counts as caught, and what is reported."""

import json
import random

import pytest

from broadsheet.errors import InputError
from broadsheet.evaluation.facts.benchmark import (
    ABSTRACT,
    LEAD,
    OTHERWISE,
    UNSEEN,
    WRITTEN,
    Checked,
    GateFindings,
    check_untouched,
    is_reported,
    lead,
    measure_gate,
    true_summaries,
)
from broadsheet.evaluation.facts.name_plants import KINDS
from broadsheet.evaluation.facts.plants import PlantedSummary, plant
from broadsheet.evaluation.facts.report import describe_facts, kind_of
from broadsheet.evaluation.facts.rewordings import REWORDINGS, reword
from broadsheet.importers.transaction import Import
from broadsheet.metrics.intervals import wilson
from broadsheet.newsroom import Newsroom
from tests.support.scripts import PNG, run_script

SUMMARY = (
    "Angela Merkel told Donald Trump in Berlin on Tuesday that Apple may not close 12 plants. "
    'The deal, worth $5 million, would cut costs by 7 percent, and "nobody knows the whole price of it," she said.'
)
ARTICLE = f"Merkel in Berlin\n{SUMMARY}\nTheresa May of Google was in Paris on Friday, with 30 of 1,200 staff."
OTHER = "Another\nBarack Obama met Nicola Sturgeon."
SOURCE = PlantedSummary("n1", SUMMARY, ARTICLE, OTHER)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_of_each_kind_changes_one_span_and_is_caught(kind):
    for seed in range(5):
        text = plant(KINDS[kind], SOURCE, random.Random(seed))
        assert text and text != SUMMARY
        (found,) = [
            one
            for one in check_untouched([{"news_id": "n1", "title": "", "abstract": text, "body": ARTICLE}])
            if one.group == UNSEEN
        ]
        assert found.problems, text


PLANTS = {
    "negation dropped": {SUMMARY.replace("may not close", "may close")},
    "negation added": {
        SUMMARY.replace("would cut", "would not cut"),
    },
    "word for its opposite": {SUMMARY.replace("close", "open")},
    "subject and object swapped": {
        SUMMARY.replace("Angela Merkel told Donald Trump", "Donald Trump told Angela Merkel"),
    },
    "person of another article": {
        SUMMARY.replace(old, new)
        for old in ("Angela Merkel", "Donald Trump")
        for new in ("Barack Obama", "Nicola Sturgeon")
    },
}


@pytest.mark.parametrize("kind", PLANTS)
def test_errors_are_those_that_were_meant(kind):
    assert {plant(KINDS[kind], SOURCE, random.Random(seed)) for seed in range(40)} == PLANTS[kind]


def test_a_summary_without_room_for_an_error_gets_none():
    bare = PlantedSummary("n1", "It rained all day.", "It rained all day.", OTHER)
    assert {kind: plant(planter, bare, random.Random(0)) for kind, planter in KINDS.items()} == dict.fromkeys(KINDS)


@pytest.mark.parametrize(
    ("kind", "text", "reworded"),
    [
        ("family name or initial", "Rain met Angela Merkel.", {"Rain met Merkel.", "Rain met A. Merkel."}),
        ("signs of percent and money", "It fell 5 percent.", {"It fell 5%."}),
        ("signs of percent and money", "It cost $5 million.", {"It cost $5m."}),
        ("digits for number words", "They had three dogs.", {"They had 3 dogs."}),
        ("contracted negation", "It was not so.", {"It wasn't so."}),
        ("acronym", "The United Nations met.", {"The UN met."}),
        ("aside left out", "The boy, who was nine, fell.", {"The boy fell."}),
        ("passive made active", "The boy was arrested by police on Monday.", {"Police arrested the boy on Monday."}),
        ("day moved to the front", "The king of Spain met nobody at all on Monday.",
         {"On Monday, the king of Spain met nobody at all."}),
        ("speaker moved to the front", "The king of Spain met nobody at all, police said.",
         {"Police said the king of Spain met nobody at all."}),
    ],
)  # fmt: skip
def test_a_true_rewording_keeps_the_meaning(kind, text, reworded):
    source = PlantedSummary("n1", text, text, "")
    assert {plant(REWORDINGS[kind], source, random.Random(seed)) for seed in range(10)} == reworded


def test_a_quotation_is_not_reworded():
    quoted = '"It was not so, and the boy, who was nine, had three dogs," she said.'
    assert reword(PlantedSummary("n1", quoted, quoted, ""), random.Random(0)) == quoted


def test_the_lead_is_whole_sentences_within_sixty_words():
    sentence = " ".join(["Word"] * 24) + " end."
    assert lead(f"{sentence} {sentence} {sentence}") == f"{sentence} {sentence}"
    assert lead(f"LONDON (Reuters) - {sentence} No end") == sentence
    assert lead("no end") == ""


def test_an_abstract_that_the_body_holds_is_seen_and_another_is_also_held_against_the_body_alone():
    article = {"news_id": "n1", "title": "T", "abstract": "It rained all day.", "body": "It rained all day. Then no."}
    assert [(name, text) for name, text, _ in true_summaries(article)] == [
        (LEAD, "It rained all day. Then no."),
        (ABSTRACT, "It rained all day."),
    ]
    *_, (name, _, whole) = true_summaries(article | {"abstract": "Rain fell all day."})
    assert (name, whole) == (UNSEEN, "T\nIt rained all day. Then no.")


def test_half_of_the_articles_are_reported():
    reported = sum(is_reported(f"N{number}") for number in range(2000))
    assert 900 < reported < 1100
    assert is_reported("N1") == is_reported("N1")


def test_wilsons_interval_is_that_of_the_books():
    found = wilson({str(number): float(number < 8) for number in range(10)})
    assert (found["mean"], round(found["low"], 4), round(found["high"], 4)) == (0.8, 0.4902, 0.9433)
    assert wilson({"n1": 1.0})["high"] == 1.0 and wilson({"n1": 0.0})["low"] == 0.0


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        ("name Arsenal", "name"),
        ("order of names Arsenal, Leeds", "order of names"),
        ("negation left out: not give", "negation left out"),
        ("quotation He said: no", "quotation"),
        ("first person", "first person"),
        ("loop", "loop"),
    ],
)
def test_a_refusal_has_a_kind(problem, kind):
    assert kind_of(problem) == kind


def test_a_share_counts_each_article_once():
    def planted(news_id, *problems):
        return Checked(news_id, "number changed", WRITTEN, "", problems)

    found = GateFindings(2, [], [], [planted("a", "number 3"), planted("a", "number 4"), planted("b")])
    (part,) = describe_facts({"room": found})["newsrooms"].values()
    row = part["planted"]["number changed"][WRITTEN]
    assert (row["texts"], row["articles"], row["caught_texts"], row["caught"]["mean"]) == (3, 2, 2, 0.5)
    assert row["by_kind"] == {"number": 2}
    assert part["planted"]["number changed"][OTHERWISE]["caught"] is None


def make_room(path, ids=range(6)):
    with Import(Newsroom(path)) as add:
        guests = ("Barack Obama came.", "Nicola Sturgeon came.", "Justin Trudeau came.")
        bodies = {f"N{number}": f"{ARTICLE} {guests[number % 3]}" for number in ids}
        rows = [{"news_id": news_id, "title": "Merkel in Berlin", "body": body} for news_id, body in bodies.items()]
        add.news([row | {"abstract": f"{SUMMARY} It was meeting {row['news_id']}."} for row in rows])
    return path


def test_the_script_writes_json_markdown_and_plots(tmp_path, capsys):
    rooms = [make_room(tmp_path / name) for name in ("first", "second")]
    run_script("benchmark_facts", rooms, out=tmp_path / "out")
    document = json.loads((tmp_path / "out" / "facts.json").read_text())
    assert list(document["newsrooms"]) == ["all", "first", "second"] and document["seeds"] == [0, 1, 2]
    first, everything = document["newsrooms"]["first"], document["newsrooms"]["all"]
    assert everything["articles"] == 2 * first["articles"] == 2 * sum(is_reported(f"N{n}") for n in range(6)) > 0
    for kind in KINDS:
        row = everything["planted"][kind][WRITTEN]
        assert row["caught"]["low"] <= row["caught"]["mean"] == 1 and row["texts"]
    assert everything["untouched"][ABSTRACT]["refused"]["mean"] == 0
    markdown = (tmp_path / "out" / "facts.md").read_text()
    assert markdown.strip() == capsys.readouterr().out.strip() and "| number changed |" in markdown
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == {"facts.png", "facts-alarms.png"}
    assert all(path.read_bytes().startswith(PNG) for path in (tmp_path / "out").glob("*.png"))


def test_the_same_seeds_plant_the_same_errors():
    rows = [{"news_id": f"N{n}", "title": "T", "abstract": SUMMARY, "body": ARTICLE} for n in range(2)]
    assert measure_gate(rows, print) == measure_gate(rows, print)


def test_newsrooms_of_one_name_are_one_clear_error(tmp_path):
    room = make_room(tmp_path / "first")
    with pytest.raises(InputError, match="two folders of the same name"):
        run_script("benchmark_facts", [room, room])
