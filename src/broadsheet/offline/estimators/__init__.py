"""Off-policy evaluation: what another policy would have been worth, from a log with probabilities, and how surely."""

from broadsheet.offline.estimators.decisions import Candidates, Decisions, read_decisions
from broadsheet.offline.estimators.evaluation import Evaluation, Row, evaluate
from broadsheet.offline.estimators.pages import Pages, read_pages

__all__ = ["Candidates", "Decisions", "Evaluation", "Pages", "Row", "evaluate", "read_decisions", "read_pages"]
