"""Learning on from the models in use with what readers did since: `broadsheet learn`."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadsheet.errors import InputError, ModelError, join_problems
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.learned import Decision, decided_until, log_decision, promote
from broadsheet.offline.workbenches import open_bench
from broadsheet.progress import Say, silent
from broadsheet.tables.files import remove_folder
from broadsheet.training.folder import made_now, seed_problems
from broadsheet.training.learning_on.challengers import Examples, grown_fusion, learn_each
from broadsheet.training.learning_on.champions import Champion, find_champions
from broadsheet.training.learning_on.comparison import Comparison, compare
from broadsheet.training.learning_on.learned import Learned
from broadsheet.training.learning_on.new_impressions import Pool, read_pool
from broadsheet.training.learning_on.off_policy import off_policy
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.rerank.learned_fusion import LearnedFusion

ENOUGH = 50
"""Held-out impressions with both a clicked and an unclicked article, from which models are compared."""


def learn(
    newsroom: Newsroom,
    *,
    splits: Sequence[str] = (),
    until: datetime | None = None,
    seed: int = 0,
    say: Say = silent,
) -> Decision:
    """Let the models in use learn on from impressions since those that they learned from, and switch to what is better.

    The user tower, the attentive scorer and the learned fusion go on from their weights; article vectors stay as they
    are. The newest impressions are held out: a model takes its place only if it ranks them no worse than the model in
    use, see [learning] in broadsheet.toml. `splits` are where to look for impressions, all if it is empty; `until`
    leaves later impressions out. The decision is logged in models/learning.jsonl, unless nothing is new, and returned:
    `promoted` (the names of the models that took their place), `why` (a sentence), `until`, and each model's figures.

    Raises ModelError if there is no model to go on from, or if a model of the newsroom's own is of another encoder or
    shape than the settings say; CorpusError for a split that is not there; InputError for a seed
    out of bounds; NewsroomError if a build is at work.
    """
    if problems := seed_problems(seed):
        raise InputError(f"{join_problems(problems)}.")
    started = time.monotonic()
    bench = open_bench(newsroom, say)
    with newsroom.lock():
        champions, missing = find_champions(bench)
        if not champions:
            raise ModelError(
                f"{newsroom.path}: no model to go on from: no towers, no attentive scorer and no learned fusion fit. "
                "Train them first: `broadsheet train towers`, `broadsheet train attention`."
            )
        pool = read_pool(newsroom, bench.data.catalogue, splits).until(until)
        examples = _examples(bench, pool, champions)
        if isinstance(examples, str):
            return {"promoted": [], "why": examples}
        work = newsroom.path / "models" / ".learning"
        remove_folder(work)  # what a killed process left
        try:
            decision = _try(bench, champions, examples, work, seed, say)
        finally:
            remove_folder(work)
        decision |= {"missing": missing, "seconds": round(time.monotonic() - started, 1)}
        log_decision(newsroom, decision)
        return decision


def _examples(bench: Workbench, pool: Pool, champions: Mapping[str, Champion]) -> Examples | str:
    """Return what there is to learn from, or a sentence that says why there is nothing."""
    learned = max((one.until for one in champions.values() if one.until), default=None)
    decided = decided_until(bench.data.newsroom)
    seen = max(filter(None, [learned, datetime.fromisoformat(decided) if decided else None]), default=None)
    last = pool.last()
    if last is None:
        return (
            "No impressions with known clicks: models learn on from pages as they were shown and what was clicked "
            "there. Log pages and clicks with `broadsheet log`, then build, which takes them into the corpus; or "
            "import impressions. The models stay as they are."
        )
    if seen is not None and last <= seen:
        since = f"{seen:%Y-%m-%d %H:%M:%S} UTC"
        return (
            f"No new clicks: the corpus has no impression with known clicks after {since}. What was logged since the "
            "last build is not in the corpus yet. The models stay."
        )
    new = pool.after(learned)
    cut = new.quantile(1 - bench.models.config.learning.held_out)
    most = math.ceil(bench.models.config.learning.most * bench.models.config.learning.held_out)
    kept = new.after(cut).newest(most)
    held_out = kept.read()
    if len(held_out) < ENOUGH:
        return (
            f"Too few new clicks: {len(new)} impressions are new, and {len(held_out)} of those held out show both a "
            f"clicked and an unclicked article; expected {ENOUGH} or more. The models stay as they are."
        )
    return Examples(pool.until(cut), cut, held_out, kept.propensities())


def _try(
    bench: Workbench, champions: Mapping[str, Champion], examples: Examples, work: Path, seed: int, say: Say
) -> Decision:
    """Let each model learn on, compare, and switch; returns the decision."""
    margin = bench.models.config.learning.margin
    found: dict[str, Learned] = {}
    figures: dict[str, Any] = {}
    refused: list[str] = []
    for name, learned in learn_each(bench, champions, examples, seed, say):
        comparison = compare(examples.held_out, learned.before, learned.after)
        say(f"{name} on what is held out: {comparison.line()}")
        figures[name] = {"learned": learned.learned, "replayed": learned.replayed, **comparison.document()}
        if worse := comparison.worse(margin):
            refused.append(f"{name}: {', '.join(worse)}")
        else:
            found[name] = learned
            learned.save(work / name, _card(champions[name], examples, learned.learned, comparison))
    fusion = grown_fusion(bench, champions, examples, say)
    decision: Decision = {
        "until": max(one.time for one in examples.held_out).astimezone(UTC).isoformat(),
        "held_out": len(examples.held_out),
        "models": figures,
    }
    if not found and fusion is None:
        return decision | {"promoted": [], "why": _kept(refused)}
    names, pages, worse = _page_trial(bench, examples, found, work, fusion, figures)
    say(f"page with {', '.join(names) or 'more trees'}: {pages.line()}")
    if worse:
        return decision | {"promoted": [], "why": _kept([*refused, f"page: {', '.join(worse)}"])}
    for name in set(found) - set(names):
        remove_folder(work / name)
        refused.append(f"{name}: with it the page would rank worse")
    if fusion is not None:
        from broadsheet.rerank.learned_fusion import save_fusion

        save_fusion(fusion, work / "fusion", _card(champions["fusion"], examples, 0, pages))
    names = [name for name in champions if (work / name).is_dir()]
    newsroom = bench.data.newsroom
    promote(newsroom, {name: one.folder for name, one in champions.items()}, {name: work / name for name in names})
    why = f"{', '.join(names)} learned on and took their place; on {len(examples.held_out)} held-out impressions the "
    kept = f" {_kept(refused)}" if refused else ""
    return decision | {"promoted": names, "why": f"{why}page's {pages.line()}.{kept}"}


def _kept(refused: Sequence[str]) -> str:
    return f"Kept as they were: {'; '.join(refused)}." if refused else "No model learned on."


def _page_trial(
    bench: Workbench,
    examples: Examples,
    found: Mapping[str, Learned],
    work: Path,
    fusion: LearnedFusion | None,
    figures: dict[str, Any],
) -> tuple[list[str], Comparison, list[str]]:
    """Try all challengers on the page, then each alone; returns those tried last, how they rank, and what is worse."""
    from broadsheet.rerank.attentive_scorer.trained import load_attention
    from broadsheet.training.learning_on.fusion import most_ranked
    from broadsheet.training.learning_on.page_scores import PageScores

    ranked, margin = examples.held_out[-most_ranked(bench) :], bench.models.config.learning.margin
    page, shown = PageScores(bench, ranked), sum(len(one.shown) for one in ranked)
    for names in [[*found], *([name] for name in found if len(found) > 1)]:
        towers = found["towers"].after[-shown:] if "towers" in names else None
        weights = vars(bench.models.config.rerank.attention)
        attention = load_attention(work / "attention", weights) if "attention" in names else None
        scores = page.champion(), page.challenger(towers, attention, fusion)
        pages, estimated = compare(ranked, *scores), off_policy(ranked, examples.propensities, *scores)
        figures["page"], figures["off-policy"] = pages.document(), estimated
        worse = pages.worse(margin)
        if isinstance(estimated, Comparison):
            figures["off-policy"] = estimated.document()
            worse += estimated.worse(margin)
        if not worse:
            break
    return names, pages, worse


def _card(champion: Champion, examples: Examples, learned: int, comparison: Comparison) -> dict[str, Any]:
    """Return what the card of a model says that learned on: all that its former card says, and what is new."""
    former = dict(champion.card)
    return {
        **former,
        **made_now(),
        "learned_until": examples.until.isoformat(),
        "learned_on": {
            "times": int(former.get("learned_on", {}).get("times", 0)) + 1,
            "examples": learned,
            "held_out": len(examples.held_out),
            **comparison.document(),
        },
    }
