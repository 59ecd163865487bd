"""Ranking metrics computed one article at a time from their definitions, to check the vectorised metrics.

The code is slow on purpose, and shares nothing with the code that it checks.
"""

import math
from collections.abc import Sequence

DEPTHS = (5, 10)


def plain_metrics(scores: Sequence[float], clicked: Sequence[bool]) -> dict[str, float]:
    """Return MIND's metrics and EB-NeRD's reciprocal rank and hit ratio of one impression; NaN for all if skipped."""
    hits = [score for score, click in zip(scores, clicked, strict=True) if click]
    misses = [score for score, click in zip(scores, clicked, strict=True) if not click]
    if not hits or not misses:
        names = ["auc", "mrr", "reciprocal_rank", *(f"{name}@{k}" for k in DEPTHS for name in ("ndcg", "hit_ratio"))]
        return dict.fromkeys(names, math.nan)
    best_first = sorted(range(len(scores)), key=lambda place: (scores[place], place), reverse=True)
    ranks = [rank for rank, place in enumerate(best_first, 1) if clicked[place]]
    wins = sum((hit > miss) + 0.5 * (hit == miss) for hit in hits for miss in misses)
    found = {
        "auc": wins / (len(hits) * len(misses)),
        "mrr": sum(1 / rank for rank in ranks) / len(ranks),
        "reciprocal_rank": 1 / min(ranks),
    }
    for k in DEPTHS:
        gain = sum(1 / math.log2(rank + 1) for rank in ranks if rank <= k)
        best = sum(1 / math.log2(rank + 1) for rank in range(1, min(k, len(ranks)) + 1))
        found |= {f"ndcg@{k}": gain / best, f"hit_ratio@{k}": float(min(ranks) <= k)}
    return found


def plain_classification(scores: Sequence[float], clicked: Sequence[bool]) -> dict[str, float]:
    """Return EB-NeRD's metrics of probabilities of one impression, at the threshold .5; NaN for all if skipped."""
    if all(clicked) or not any(clicked):
        return dict.fromkeys(("logloss", "rmse", "accuracy", "f1"), math.nan)
    pairs = list(zip(scores, clicked, strict=True))
    chances = [(min(max(score, 1e-11), 1 - 1e-11), click) for score, click in pairs]
    right = sum((score >= 0.5) == click for score, click in pairs)
    true = sum(score >= 0.5 and click for score, click in pairs)
    return {
        "logloss": -sum(math.log(chance if click else 1 - chance) for chance, click in chances) / len(pairs),
        "rmse": math.sqrt(sum((score - click) ** 2 for score, click in pairs) / len(pairs)),
        "accuracy": right / len(pairs),
        "f1": 2 * true / (sum(score >= 0.5 for score in scores) + sum(clicked)),
    }
