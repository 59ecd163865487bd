"""The benchmark of training steps: the plain step beside those of the package, all from the same first weights."""

import random
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from broadsheet.corpus.impressions import read_impressions, read_rankable
from broadsheet.evaluation.speed.peak_memory import peak_memory
from broadsheet.models import loading
from broadsheet.newsroom import Newsroom
from broadsheet.offline.workbenches import prepare_vectors
from broadsheet.progress import Say
from broadsheet.retrieval.towers.two_towers import TwoTowers
from broadsheet.retrieval.training.examples import BatchMaker, ClickExample, History
from broadsheet.training.tower_examples import Items, read_items
from broadsheet.training.tower_measure import TowersMeasure
from broadsheet.training.towers import make_tokens, new_model
from broadsheet.workbench.data import EditionData
from broadsheet.workbench.models import EditionModels

HISTORY, NEXT_CLICKS, SHOWN, SEED = 50, 8, 4, 0
VALID_LIMIT, EVERY = 100, 4
"""Impressions that nDCG@10 is measured on, and steps between two measures."""


@dataclass
class Workload:
    """The data of every version of the step: a newsroom's articles, and the items of each step."""

    data: EditionData
    models: EditionModels
    items: Items
    steps: list[list[ClickExample]]
    tokens: Any
    readers: int
    say: Say

    @classmethod
    def read(cls, newsroom: Path, split: str, say: Say, *, readers: int, impressions: int, steps: int) -> "Workload":
        """Draw, for each step, next clicks of some readers and clicks of impressions, all with 50 articles before."""
        room = Newsroom(newsroom)
        config = room.config()
        recipe = replace(config.towers, dropout=0.0, history_drop=0.0, text_drop=0.0, next_clicks=NEXT_CLICKS)
        bench = prepare_vectors(
            room, say, replace(config, towers=recipe, retrieval=replace(config.retrieval, towers="untrained"))
        )
        learned = read_impressions(bench.data.newsroom, bench.data.catalogue, split)
        items = read_items(bench.data, bench.models, bench.search, learned, split)
        long = [item for item in items if isinstance(item, History) and len(item.history) >= HISTORY + NEXT_CLICKS]
        clicks = [
            i for i in items if isinstance(i, ClickExample) and len(i.history) >= HISTORY and len(i.shown) >= SHOWN
        ]
        rng = random.Random(SEED)
        drawn = [
            [
                *(click for reader in rng.sample(long, readers) for click in _next_clicks(reader)),
                *rng.sample(clicks, impressions),
            ]
            for _ in range(steps)
        ]
        return cls(bench.data, bench.models, items, drawn, make_tokens(bench.data, bench.models, 0.0), readers, say)

    def model(self) -> TwoTowers:
        """Return the towers as they are before training, the same each time."""
        torch.manual_seed(SEED)
        return new_model(self.data, self.models, self.items, "lora").to(loading.pick_device()).train()

    def batch(self, step: int, *, encode_history: bool) -> dict[str, Any]:
        """Return the batch of a step, the same each time."""
        random.seed(f"{SEED} {step}")
        make = BatchMaker(
            history=HISTORY,
            negatives=SHOWN,
            next_clicks=NEXT_CLICKS,
            history_drop=0.0,
            tokenise=self.tokens,
            encode_history=encode_history,
        )
        batch = make(self.steps[step])
        del batch["names"]
        return {name: to_device(part) for name, part in batch.items()}


def _next_clicks(reader: History) -> list[ClickExample]:
    """Return the reader's newest clicks as BatchMaker makes them; it draws any, these have 50 articles before."""
    places = range(len(reader.history) - NEXT_CLICKS, len(reader.history))
    return [ClickExample(reader.history[:place], reader.history[place], others=reader.history) for place in places]


def to_device(value: Any) -> Any:  # noqa: ANN401
    """Return a batch with its tensors on the device that trains."""
    if isinstance(value, dict):
        return {name: to_device(part) for name, part in value.items()}
    if isinstance(value, list):
        return [to_device(part) for part in value]
    return value.to(loading.pick_device())


@dataclass
class Run:
    """One version of the step, its model, and its measurements."""

    note: str
    plain: bool
    half: bool
    encode_history: bool = True
    model: TwoTowers | None = None
    optimiser: torch.optim.Optimizer | None = None
    seconds: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    peaks: list[float | None] = field(default_factory=list)
    "Peak memory of the step, in GB above the memory before it."


def new_runs() -> dict[str, Run]:
    """Return the versions compared."""
    half = loading.pick_dtype(loading.pick_device()) == torch.bfloat16
    usual = "every history and candidate article of every click encoded for that click alone, padded to its longest"
    runs = {
        "plain, float32": Run(usual, plain=True, half=False),
        "plain, bfloat16": Run("the same in bfloat16, for fairness", plain=True, half=True),
        "ours, float32": Run("each distinct article of the batch once, batched by length", plain=False, half=False),
        "ours": Run("the same in bfloat16, as the package trains with encode_history = true", plain=False, half=half),
        "ours, stored history": Run(
            "only clicked and shown articles encoded: the package's default",
            plain=False,
            half=half,
            encode_history=False,
        ),
    }
    return runs if half else {name: run for name, run in runs.items() if name != "plain, bfloat16"}


def run_steps(workload: Workload, steps: int) -> dict[str, Run]:
    """Train each version for some steps, taking turns."""
    runs = new_runs()
    for run in runs.values():
        run.model = workload.model()
        run.optimiser = new_optimiser(run.model, workload)
    for step in range(steps):
        for name, run in runs.items():
            train_step(workload, run, step)
            workload.say(f"step {step + 1}, {name}: {run.seconds[-1]:.1f} s, loss {run.losses[-1]:.4f}")
    return runs


def new_optimiser(model: TwoTowers, workload: Workload) -> torch.optim.Optimizer:
    """Return AdamW with the package's learning rates."""
    recipe = workload.models.config.towers
    named = [(name, part) for name, part in model.named_parameters() if part.requires_grad]
    groups = [(True, recipe.encoder_learning_rate), (False, recipe.learning_rate)]
    return torch.optim.AdamW(
        {"params": [part for name, part in named if name.startswith("encoder.") == of_encoder], "lr": rate}
        for of_encoder, rate in groups
    )


def train_step(workload: Workload, run: Run, step: int) -> None:
    """Take one step and note its seconds, its loss and its memory; making the batch counts."""
    assert run.model is not None and run.optimiser is not None
    device = loading.pick_device()
    run.model.train()
    with torch.autocast(device.type, torch.bfloat16, enabled=run.half):
        asked = _first_pass(workload, run.model, step) if run.plain else None
        with peak_memory() as peak:
            began = time.perf_counter()
            batch = workload.batch(step, encode_history=run.encode_history)
            loss = _plain_loss(workload, run.model, batch, asked) if asked is not None else _our_loss(run.model, batch)
            torch.nn.utils.clip_grad_norm_(run.model.parameters(), 1.0)
            run.optimiser.step()
            run.optimiser.zero_grad()
            run.losses.append(float(loss))  # waits for the device
            run.seconds.append(time.perf_counter() - began)
    run.peaks.append(peak())


def _our_loss(model: TwoTowers, batch: dict[str, Any]) -> torch.Tensor:
    loss: torch.Tensor = model(**batch)
    torch.autograd.backward(loss)
    return loss.detach()


def _first_pass(workload: Workload, model: TwoTowers, step: int) -> torch.Tensor:
    """Return what the loss asks of each distinct article's vector (A, dim).

    So the plain step can go backward one click at a time, as its activations together would need tens of gigabytes.
    It is not counted, as a machine with the memory would not need it.
    """
    batch = workload.batch(step, encode_history=True)
    with torch.no_grad():
        vectors = model.article_vectors(batch)
    vectors.requires_grad_()
    return torch.autograd.grad(model._loss(vectors, batch), vectors)[0]


def _plain_loss(workload: Workload, model: TwoTowers, batch: dict[str, Any], asked: torch.Tensor) -> torch.Tensor:
    """Encode each click's articles for it alone, go backward, and return the loss of the vectors so made.

    An article's vector is the mean of its copies, which are equal, so each gets its share of the gradient.
    """
    rows = batch["rows"]
    places = [_places_of(batch, click) for click in range(len(batch["clicked"]))]
    counts = torch.bincount(torch.cat(places), minlength=len(rows))[:, None]
    vectors = torch.zeros_like(asked)
    for part in places:
        made = model._encode(*_padded_tokens(workload, rows[part]))
        torch.autograd.backward(made, asked[part] / counts[part])
        vectors.index_add_(0, part, made.detach() / counts[part])
    loss: torch.Tensor = model._loss(vectors, batch)
    torch.autograd.backward(loss)  # the vectors have no gradient here: what is left to learn is the user tower
    return loss.detach()


def _places_of(batch: dict[str, Any], click: int) -> torch.Tensor:
    history = batch["history"][click][batch["history_mask"][click]]
    negatives = batch["negatives"][click][batch["negatives_mask"][click]]
    return torch.cat([history, batch["clicked"][click : click + 1], negatives])


def _padded_tokens(workload: Workload, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return tokens of articles, in their order, padded to the longest of them."""
    parts = workload.tokens(rows.tolist())
    longest = max(part["input_ids"].shape[1] for part in parts)
    ids = torch.zeros((len(rows), longest), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for part in parts:
        width = part["input_ids"].shape[1]
        ids[part["places"], :width], mask[part["places"], :width] = part["input_ids"], part["attention_mask"]
    return to_device(ids), to_device(mask)


def reach(workload: Workload, run: Run, split: str, steps: int) -> dict[int, float]:
    """Train a version further, up to step `steps`, and return nDCG@10 on a split by step; 0 is before training."""
    assert run.model is not None
    rankable = read_rankable(workload.data.newsroom, workload.data.catalogue, split)
    found = [one for one in rankable if one.history_rows][:VALID_LIMIT]
    measure = TowersMeasure(found, history=HISTORY, tokenise=workload.tokens)
    done = len(run.losses)
    curve = {0: measure(workload.model()), done: measure(run.model)}
    for step in range(done, steps):
        train_step(workload, run, step)
        if (step + 1 - done) % EVERY == 0:
            curve[step + 1] = measure(run.model)
            workload.say(f"step {step + 1}: loss {run.losses[-1]:.4f}, valid nDCG@10 {curve[step + 1]:.4f}")
    return curve
