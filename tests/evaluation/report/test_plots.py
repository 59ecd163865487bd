"""Which row a plot marks."""

from broadsheet.evaluation.ranking.report import in_use
from broadsheet.evaluation.report.plots import styles_of
from broadsheet.evaluation.retrieval.report import in_use as fusion_in_use


def test_a_plot_of_rankings_marks_the_learned_fusion_only_where_the_newsroom_uses_it():
    rows = {"pipeline": {}, "learned fusion": {}}
    assert in_use({"models": {"fusion": ""}, "rows": rows}) == "pipeline"
    assert in_use({"models": {}, "rows": rows}) == "pipeline"  # files of an earlier version
    assert in_use({"models": {"fusion": "66e64171"}, "rows": rows}) == "learned fusion"
    assert in_use({"models": {"fusion": "66e64171"}, "rows": {"pipeline": {}}}) == "pipeline"


def test_a_plot_of_retrieval_marks_the_fusion_with_the_newsrooms_own_news_tower():
    rows = {"random": {}, "fusion, frozen towers": {}, "fusion, LoRA towers": {}}
    trained = [{"label": "LoRA", "news_tower": "7d0b"}, {"label": "frozen", "news_tower": "1aef"}]
    document = {"models": {"news_tower": "1aef", "towers": trained}, "rows": rows}
    assert fusion_in_use(document) == "fusion, frozen towers"
    assert fusion_in_use(document | {"models": {"news_tower": "", "towers": []}}) == "fusion, LoRA towers"


def test_the_marked_row_alone_has_the_accent():
    styles = styles_of(["random", "frozen", "LoRA"], "frozen")
    accent = styles["frozen"][0]
    assert [name for name, (colour, _) in styles.items() if colour == accent] == ["frozen"]
    assert styles_of(["random", "LoRA"], "")["LoRA"][0] == accent
