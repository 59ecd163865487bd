"""The figures in the documents are those of benchmarks/results."""

import json
import re

import pytest

from broadsheet.evaluation.documents.figures import without_figures, written
from broadsheet.evaluation.documents.results import Results
from broadsheet.evaluation.documents.tables import TABLES
from broadsheet.evaluation.index.report import speed_at
from tests.docs.test_documents import PAGES, ROOT

MEASURED = [
    page for page in PAGES if page.parent.name not in ("reference", "tutorials") and page.stem != "CONTRIBUTING"
]
EXPLANATION = ROOT / "docs" / "explanation"
RESULTS = Results(ROOT / "benchmarks" / "results")


def shown(path):
    """A document as its readers see it, without comments."""
    return re.sub(r"<!-- .*? -->", "", path.read_text("utf-8"))


README = shown(ROOT / "README.md")
FIGURES = shown(EXPLANATION / "figures.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_marked_figure_of_a_document_is_what_the_results_give(page):
    text = page.read_text("utf-8")
    assert written(text, RESULTS, TABLES) == text, "run: python scripts/write_figures.py"


# Decimal numbers that no benchmark measured, page by page: settings, definitions and facts about other works.
NOT_MEASURED = {
    "README": "0.98 2.0 3.11",
    "benchmarks/README": "0.1 0.2 0.3 0.98",
    "docs/explanation/figures": "0.98",
    "docs/explanation/generation": "0.03 0.15 0.5 0.6 0.7 1.0 1.5",
    "docs/explanation/log": "0.1 0.3 0.6 3.5",
    "docs/explanation/metrics": "0.001 0.01 0.5 0.99 4.6",
    "docs/explanation/models": "2.0 22.7",
    "docs/explanation/ranking": "0.01 0.2 0.5 0.75 0.8 0.99",
    "docs/explanation/the-index": "0.45 0.7",
    "docs/how-to/every-night": "0.05 0.1 0.2 0.95",
    "docs/how-to/languages": "0.5",
    "docs/how-to/shape-a-page": "0.1 0.5 0.8",
}


@pytest.mark.parametrize("page", MEASURED, ids=lambda page: page.stem)
def test_no_measured_figure_is_typed_by_hand(page):
    text = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", without_figures(page.read_text("utf-8")), flags=re.DOTALL)
    typed = set(re.findall(r"(?<![\w.])\d[\d,]*\.\d+", text))
    known = set(NOT_MEASURED.get(page.relative_to(ROOT).with_suffix("").as_posix(), "").split())
    assert typed - known == set(), "mark it, as in src/broadsheet/evaluation/documents/figures.py"


def result(name):
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("benchmark", "metrics"),
    [("rankers-valid", ("auc", "ndcg@10")), ("retrieval-valid-live", ("recall@100", "recall@200"))],
)
def test_the_tables_of_the_figures_page_are_those_of_the_benchmarks(benchmark, metrics):
    for name, row in result(benchmark)["rows"].items():
        if name.startswith(("signal ", "learned fusion without ")):
            continue  # in the benchmark's own table
        cells = (f"{row[m]['mean']:.4f} [{row[m]['low']:.4f}, {row[m]['high']:.4f}]" for m in metrics)
        assert f"| {name} | {' | '.join(cells)} |" in FIGURES


def test_the_figures_of_index_and_night_on_the_figures_page_are_those_of_the_benchmarks():
    engines = result("index")["sizes"]["200000"]["engines"]
    ours, theirs = (speed_at(engines[name]["curve"], 0.98) for name in (next(iter(engines)), "hnswlib"))
    assert f"answers {ours:,.0f} readers" in FIGURES and f"hnswlib {theirs:,.0f}" in FIGURES
    assert f"costs {result('nightly')['rows']['1 % changed']['share_of_first']:.1%} of the first" in FIGURES


def test_the_milliseconds_of_exact_search_on_the_page_of_the_index_are_those_of_the_benchmark():
    page, kinds = shown(EXPLANATION / "the-index.md"), result("exact-search")["sizes"]["50000"]
    exact, quickest = kinds["Flat"], min(kinds.values(), key=lambda cost: cost["alone_ms"])
    assert f"exactly in {exact['alone_ms']:.2f} ms for a reader alone, and in {exact['batch_ms']:.2f} ms" in page
    both = f"{quickest['alone_ms']:.2f} ms and {quickest['batch_ms']:.2f} ms"
    assert f"{both}, once it is built in {quickest['build_seconds']:.0f} seconds and tuned in" in page
    assert f"up to {result('exact-search')['exact_up_to']:,} vectors" in page


def test_the_drops_of_the_ranking_page_are_those_of_the_deletion_test():
    page, scorings = shown(EXPLANATION / "ranking.md"), result("reasons-valid")["scorings"]
    drops = [scorings[name]["slices"]["all"]["rows"] for name in ("weights", "learned fusion")]
    for row in drops[0]:
        cells = [rows[row]["drop"] for rows in drops]
        columns = " | ".join(f"{one['mean']:.4f} [{one['low']:.4f}, {one['high']:.4f}]" for one in cells)
        assert f"| {row} | {columns} |" in page


def test_the_figures_of_the_page_on_the_fact_gate_are_those_of_its_measurement():
    page, whole = shown(EXPLANATION / "fact-gate.md"), result("facts")["newsrooms"]["all"]
    caught = [kind["as written"]["caught"]["mean"] for kind in whole["planted"].values()]
    assert f"{whole['articles']:,} articles it refuses {min(caught):.3f}" in page and f"to {max(caught):.3f} (" in page
    abstracts, unseen = (
        whole["untouched"][name]["refused"]["mean"] for name in ("publisher's abstract", "unseen abstract")
    )
    assert f"{abstracts:.4f} of publishers' abstracts, {unseen:.4f} of abstracts that the body does not have" in page
    assert f"up to {max(kind['refused']['mean'] for kind in whole['reworded'].values()):.4f} of true" in page


def test_the_headlines_of_the_figures_page_are_those_of_the_benchmark():
    found = result("generation")
    for name in ("lead sentence", "TextRank", "SmolLM2 greedy", "ours, not fine-tuned", "ours"):
        row = found["jobs"]["headline"]["rows"][name]
        cells = [f"{row[m]['mean']:.4f} [{row[m]['low']:.4f}, {row[m]['high']:.4f}]" for m in ("ROUGE-L", "similarity")]
        cells += [f"{row['facts']['mean']:.2f}", f"{row['words']['mean']:.1f}"]
        assert f"| {name} | {' | '.join(cells)} |" in FIGURES
    ours = result("generation-speed")["rows"]["ours"]
    assert f"take {ours['seconds_per_article']:.2f} seconds an article" in FIGURES
    assert f"{ours['times_one_by_one']:.2f} times as many articles as" in FIGURES
    assert f"{ours['times_batched']:.2f} times as many as in batches" in FIGURES
    assert f"{ours['articles_per_hour']:,.0f} an hour" in FIGURES


def test_the_speed_of_the_cross_encoder_on_the_figures_page_is_that_of_the_benchmark():
    rows = result("reranking-speed")["rows"]
    ours, quickest = rows["Broadsheet"], rows["OpenVINO int8"]
    assert f"in {ours['p50_ms']:.0f} ms (p50), {ours['times_default']:.2f} times" in FIGURES
    assert f"for {ours['same_top']:.1%} of" in FIGURES
    assert f"does {quickest['times_default']:.2f} times at {quickest['same_top']:.1%}" in FIGURES
    assert quickest["times_default"] == max(row["times_default"] for name, row in rows.items() if name != "Broadsheet")


def test_the_times_of_the_figures_page_are_those_of_the_benchmarks():
    assert f"{result('encoding')['rows']['Broadsheet']['times_default']:.2f} times" in FIGURES
    assert f"{result('training-step')['rows']['ours']['times_plain']:.1f} times" in FIGURES


def test_the_figures_of_the_metrics_document_are_those_of_the_check():
    document, found = shown(EXPLANATION / "metrics.md"), result("metrics")
    apart = [seen["largest_difference"] for metrics in found["references"].values() for seen in metrics.values()]
    assert f"compares {found['impressions']:,} random impressions" in document
    assert f"The largest difference of all is {max(apart):.1e}." in document
    assert f"take {found['speed']['seconds']:.1f} s for a million impressions" in document


def test_the_costs_of_the_ranking_page_are_those_of_the_benchmark():
    page, rows = shown(EXPLANATION / "ranking.md"), result("diversity-valid")["rows"]
    table = re.search(r"\| policy \| (.*) \|\n.*\n((?:\|.*\n)+)", page)
    for line in table[2].splitlines():
        name, *values = line.strip("| ").split(" | ")
        metrics = [metric.lower() for metric in table[1].split(" | ")]
        assert values == [f"{rows[name][metric]['mean']:.4f}" for metric in metrics], name


def test_the_headline_figures_of_the_readme_are_those_of_the_benchmarks():
    ranking, retrieval = result("rankers-valid")["rows"], result("retrieval-valid-live")["rows"]
    ndcg = [f"{name} {ranking[name]['ndcg@10']['mean']:.3f}" for name in ("pipeline", "NRMS", "popularity", "random")]
    assert f"| {', '.join(ndcg)} |" in README
    fused, clicked = (retrieval[name]["recall@100"]["mean"] for name in ("fusion, LoRA towers", "popularity"))
    assert f"| all sources fused {fused:.3f}, what is clicked most {clicked:.3f} |" in README
    facts = result("facts")["newsrooms"]["all"]
    caught = [kind["as written"]["caught"]["mean"] for kind in facts["planted"].values()]
    false = facts["untouched"]["first sentences"]["refused"]["mean"]
    assert f"| {min(caught):.3f} to {max(caught):.3f}; {false:.4f} |" in README
    engines = result("index")["sizes"]["200000"]["engines"]
    ours, theirs = (speed_at(engines[name]["curve"], 0.98) for name in (next(iter(engines)), "hnswlib"))
    assert f"| {ours:,.0f}, hnswlib {theirs:,.0f} |" in README
    share = result("nightly")["rows"]["1 % changed"]["share_of_first"]
    assert f"| {share:.1%} of the first build's time |" in README


def test_the_articles_of_the_demo_are_as_many_as_its_benchmark_read():
    named = f"{result('ask')['articles']:,} real"
    assert named in README and named in (ROOT / "docs" / "tutorials" / "demo.md").read_text("utf-8")
