"""Training a newsroom's own writer on its publisher's headlines and abstracts: `broadsheet train writer`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadsheet.config.training import WriterConfig
from broadsheet.errors import ConfigError
from broadsheet.models import loading as models
from broadsheet.newsroom import Newsroom
from broadsheet.progress import Say, silent
from broadsheet.tables.files import file_sha256
from broadsheet.training.folder import WorkFolder, check_target, made_now
from broadsheet.training.writer_pairs import check_jobs, personal_pairs, read_pairs

if TYPE_CHECKING:
    from broadsheet.generate import LocalWriter
    from broadsheet.generate.writers.trained import Mode
    from broadsheet.generate.writers.training_pairs import Pair
    from broadsheet.models.trainer import Log


VALID_LIMIT = 200
"""Pairs that each epoch is measured on."""


@dataclass(frozen=True)
class _Asked:
    """What a training of the writer is asked for, as `train_writer` takes it."""

    jobs: Sequence[str]
    mode: Mode
    until: date | None
    personal: Path | None
    seed: int


def train_writer(
    newsroom: Newsroom,
    *,
    jobs: Sequence[str] = ("headline", "summary"),
    mode: Mode = "lora",
    until: date | None = None,
    personal: Path | None = None,
    seed: int = 0,
    out: Path | None = None,
    say: Say = silent,
) -> str:
    """Train the writer on articles and their titles and abstracts, into models/writer, which is then used, or `out`.

    Of the articles published before `until` the latest tenth is measured, and the rest is learned from. `personal` is
    a file of headlines that readers clicked and passed over, as `read_personal` takes them. `mode` is what learns:
    lora or full. The best epoch by loss is kept; a training that was killed goes on from its last. Returns a summary.
    Raises InputError for arguments that cannot be meant, CorpusError if there is nothing to learn from or to measure,
    TrainingError if the loss is no number.
    """
    from transformers import set_seed

    from broadsheet.generate import load_writer
    from broadsheet.generate.writers.trained import save_tuned
    from broadsheet.models.trained_folder import CARD

    check_jobs(jobs)
    check_target(out, CARD, seed)
    config = newsroom.config()
    base, recipe = config.generate.writer, config.writer
    if not config.generate.runs_here:
        raise ConfigError(
            f"generate.writer = {base!r}: expected a model to train. Name asset:NAME, a folder or a hub name."
        )
    asked = _Asked(jobs, mode, until, personal, seed)
    pairs, valid = read_pairs(newsroom, jobs, until)
    if personal is not None:
        pairs += personal_pairs(newsroom, personal, say)
    valid = valid[:VALID_LIMIT]
    say(f"{len(pairs)} pairs to learn from, {len(valid)} to measure")
    target = newsroom.writer if out is None else out
    with newsroom.lock():
        work = WorkFolder(target, _settings(newsroom, asked))
        set_seed(seed)
        writer = load_writer(base)
        network, log = _train(writer, pairs, valid, recipe, asked, work.checkpoints)
        losses = {str(row["epoch"]): round(row["eval_loss"], 4) for row in log if "eval_loss" in row}
        card = {
            **made_now(),
            "jobs": list(jobs),
            "train": {"pairs": len(pairs), "until": str(until or "")},
            "valid": {"pairs": len(valid), "loss": min(losses.values())},
            "valid_loss_by_epoch": losses,
            "recipe": {**asdict(recipe), "seed": seed},
        }
        save_tuned(network, writer.tokens.tokenizer, work.clear_result(), base=base, mode=mode, card=card)
        work.put_in_place()
    return (
        f"{target}: {mode}, trained on {len(pairs)} pairs for {' and '.join(jobs)}; loss on {len(valid)} later ones "
        f"{losses[next(iter(losses))]:.4f} after the first epoch, {min(losses.values()):.4f} at best"
    )


def _train(
    writer: LocalWriter,
    pairs: Sequence[Pair],
    valid: Sequence[Pair],
    recipe: WriterConfig,
    asked: _Asked,
    checkpoints: Path,
) -> tuple[Any, Log]:
    import torch

    from broadsheet.generate.writers.prompt_tokens import NEW_TOKENS
    from broadsheet.generate.writers.trained import with_adapters
    from broadsheet.generate.writers.training import fit
    from broadsheet.generate.writers.training_pairs import PairBatch

    network, full = writer.network.to(torch.float32), asked.mode == "full"
    if not full:
        network = with_adapters(network, recipe.rank)
    batch = PairBatch(writer.tokens, NEW_TOKENS)
    log = fit(network, pairs, valid, batch, recipe=recipe, full=full, seed=asked.seed, checkpoints=checkpoints)
    return network, log


def _settings(newsroom: Newsroom, asked: _Asked) -> dict[str, Any]:
    """Return all that decides the result: a training with other settings does not go on from the same checkpoints."""
    from broadsheet.generate.stories import jobs as prompts

    config = newsroom.config()
    data = [newsroom.news, *([asked.personal] if asked.personal else [])]
    return {
        "jobs": list(asked.jobs),
        "mode": asked.mode,
        "until": str(asked.until or ""),
        "seed": asked.seed,
        "recipe": asdict(config.writer),
        "data": [file_sha256(path) for path in data],
        "prompts": [prompts.HEADLINE, prompts.SUMMARY],
        "base_fingerprint": models.fingerprint(config.generate.writer),
    }
