import json
from dataclasses import replace
from pathlib import Path

import pytest

from broadsheet.errors import InputError
from broadsheet.evaluation.experiments.benchmark import report_experiments
from broadsheet.evaluation.facts.report import report_facts
from broadsheet.evaluation.facts.tone import report_tone
from broadsheet.evaluation.generation.report import report_generation
from broadsheet.evaluation.generation.speed import report_speed
from broadsheet.evaluation.index.exact_search import report_exact_search
from broadsheet.evaluation.index.report import join_sizes, report_index
from broadsheet.evaluation.learning_curve.report import report_curve
from broadsheet.evaluation.learning_on.report import report_days
from broadsheet.evaluation.live_ranking.replay_report import report_replay
from broadsheet.evaluation.live_ranking.report import report_live as report_live_ranking
from broadsheet.evaluation.off_policy.coverage_report import report_coverage
from broadsheet.evaluation.off_policy.oracle import report_oracle
from broadsheet.evaluation.pages.answers import report_answers
from broadsheet.evaluation.pages.cascade_report import report_cascade
from broadsheet.evaluation.pages.cold_start_report import report_cold_start
from broadsheet.evaluation.pages.new_stories_report import report_new_stories
from broadsheet.evaluation.pages.page_reasons import report_page_reasons
from broadsheet.evaluation.pages.policies_report import report_policies
from broadsheet.evaluation.pages.reasons_report import report_reasons
from broadsheet.evaluation.ranking.languages_report import report_languages
from broadsheet.evaluation.ranking.report import report_ranking
from broadsheet.evaluation.report.files import Report, make_folder
from broadsheet.evaluation.retrieval.enrichment import report_enrichment
from broadsheet.evaluation.retrieval.report import report_retrieval
from broadsheet.evaluation.service.browsed_report import report_browsed
from broadsheet.evaluation.service.forgetting_report import report_forgetting
from broadsheet.evaluation.service.report import report_service
from broadsheet.evaluation.simulation.exploration_report import report_exploration
from broadsheet.evaluation.speed.encoding import report_encoding
from broadsheet.evaluation.speed.new_readers import report_new_readers
from broadsheet.evaluation.speed.readers_report import report_readers
from broadsheet.evaluation.speed.reranking_report import report_reranking
from broadsheet.evaluation.speed.training_steps_report import report_steps
from broadsheet.evaluation.systems.click_to_page import report_click_to_page
from broadsheet.evaluation.systems.engines import report_engines
from broadsheet.evaluation.systems.event_speed import report_event_speed
from broadsheet.evaluation.systems.live import report_live
from broadsheet.evaluation.systems.nights import report_nights
from tests.support.scripts import PNG

RESULTS = Path(__file__).parents[3] / "benchmarks" / "results"
REPORTS = {
    "cascade-tune": report_cascade,
    "cascade-valid": report_cascade,
    "event-replay-validation": report_replay,
    "click-to-page": report_click_to_page,
    "events": report_event_speed,
    "browsed-demo": report_browsed,
    "service-demo": report_service,
    "service-mind": report_service,
    "exploration-demo": report_exploration,
    "estimators": report_coverage,
    "estimators-oracle": report_oracle,
    "experiments": report_experiments,
    "ask": report_answers,
    "ask-da": report_answers,
    "ask-zh": report_answers,
    "cold-start-valid": report_cold_start,
    "diversity-tune": report_policies,
    "diversity-valid": report_policies,
    "encoding": report_encoding,
    "encoding-memory": report_encoding,
    "engines": report_engines,
    "enrichment": report_enrichment,
    "exact-search": report_exact_search,
    "facts": report_facts,
    "forgetting-demo": report_forgetting,
    "generation": report_generation,
    "generation-speed": report_speed,
    "index": report_index,
    "languages-chinese": report_languages,
    "learning-curve-valid": report_curve,
    "learning-on": report_days,
    "readers": report_readers,
    "live": report_live,
    "live-ranking-validation": report_live_ranking,
    "new-readers": report_new_readers,
    "new-stories-demo": report_new_stories,
    "new-stories-ebnerd": report_new_stories,
    "new-stories-mind": report_new_stories,
    "nightly": report_nights,
    "page-reasons-demo": report_page_reasons,
    "rankers-valid": lambda document: replace(report_ranking(document), name="rankers-valid"),
    "ranking-valid": report_ranking,
    "ranking-valid-live": report_ranking,
    "reasons-valid": report_reasons,
    "reranking-speed": report_reranking,
    "retrieval-valid": report_retrieval,
    "retrieval-valid-live": report_retrieval,
    "tone": report_tone,
    "training-step": report_steps,
}


def test_every_published_markdown_file_is_rendered_here():
    assert {path.stem for path in RESULTS.glob("*.md")} == set(REPORTS)


@pytest.mark.parametrize("name", REPORTS)
def test_a_published_document_gives_its_published_markdown_and_json_to_the_byte(name, tmp_path):
    found = REPORTS[name](json.loads((RESULTS / f"{name}.json").read_text("utf-8")))
    Report(found.name, found.document, found.lines).write(tmp_path)
    for ending in (".json", ".md"):
        assert (tmp_path / f"{name}{ending}").read_bytes() == (RESULTS / f"{name}{ending}").read_bytes()


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_names_the_plots_that_are_published_with_it(name):
    found = REPORTS[name](json.loads((RESULTS / f"{name}.json").read_text("utf-8")))
    assert all((RESULTS / f"{found.name}{ending}.png").is_file() for ending in found.plots)


def test_a_report_writes_its_document_its_lines_and_its_plots(tmp_path):
    drawn = {"": lambda path: path.write_bytes(PNG), "-slices": lambda path: path.write_bytes(PNG)}
    paths = Report("tone", {"rows": 1}, ["| a |", "|---|"], drawn).write(tmp_path)
    assert [path.name for path in paths] == ["tone.json", "tone.md", "tone.png", "tone-slices.png"]
    assert json.loads(paths[0].read_text()) == {"rows": 1} and paths[1].read_text() == "| a |\n|---|\n"
    assert all(path.read_bytes() == PNG for path in paths[2:]) and len(list(tmp_path.iterdir())) == 4


def test_a_plot_that_fails_leaves_no_part_of_a_file(tmp_path):
    with pytest.raises(ZeroDivisionError):
        Report("tone", {}, [], {"": lambda path: path.write_bytes(b"x" * (1 // 0))}).write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"tone.json", "tone.md"}


def test_a_folder_that_cannot_be_made_is_named_without_an_option_of_the_command_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=f"^folder {tmp_path}/file/out: cannot be made"):
        make_folder(tmp_path / "file" / "out")


def test_sizes_of_an_earlier_run_stay_beside_those_measured_now(tmp_path):
    (tmp_path / "index.json").write_text('{"sizes": {"9": {"date": "old"}, "50": {"date": "old"}}}')
    now = {"date": "new", "commit": "c", "command": "d", "sizes": {"100": {}, "50": {}}}
    dates = {size: found["date"] for size, found in join_sizes(now, tmp_path)["sizes"].items()}
    assert list(dates.items()) == [("9", "old"), ("50", "new"), ("100", "new")]
    assert list(join_sizes(now, None)["sizes"]) == ["50", "100"]
