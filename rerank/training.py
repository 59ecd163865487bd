"""Training the cross-encoder on impressions: a listwise softmax over one clicked article and some shown beside it.

transformers.Trainer gives checkpoints, exact resume and schedules; peft gives the low-rank adapters
(LoRA, Hu et al. 2021), so that what is learned fits in a few megabytes. The base model stays as it was.
"""

import json
import random
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import PrinterCallback, Trainer, TrainingArguments, set_seed

from broadsheet import models
from broadsheet.batching import pad
from broadsheet.catalogue import Catalogue
from broadsheet.checkpoints import last_whole
from broadsheet.rerank.cross_encoder import CARD, HEAD, CrossEncoder, load_base
from broadsheet.rerank.pair_tokens import Pair, encode_pairs
from broadsheet.rerank.pairs import make_pairs, nearest_history

NEGATIVES = 5
"""Shown articles without a click beside each clicked one, drawn anew each epoch."""
HISTORY_CUT = 0.3
"""Share of examples whose history is cut at a random place, so that short histories are learned too."""
ADAPTER_RANK = 16


@dataclass(frozen=True)
class Example:
    """One clicked article of an impression, by catalogue rows."""

    history: list[int]
    clicked: int
    shown: list[int]
    "Shown articles that were not clicked."


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result of a training, beside the data."""

    learning_rate: float = 2e-4
    epochs: int = 2
    batch_size: int = 16
    weight_decay: float = 0.05
    seed: int = 0


class PairMaker:
    """Turns examples into tokenised groups, the clicked article first."""

    def __init__(
        self,
        catalogue: Catalogue,
        tokenizer: Any,  # noqa: ANN401
        *,
        headlines: int,
        history: int,
        max_tokens: int,
    ) -> None:
        self._catalogue, self.tokenizer = catalogue, tokenizer
        self._headlines, self._history, self._max_tokens = headlines, history, max_tokens

    def pairs(self, history: Sequence[int], candidates: Sequence[int]) -> list[Pair]:
        """Return the pairs of a history (oldest first) and candidates, by catalogue rows."""
        nearest = nearest_history(self._catalogue, history[-self._history :], candidates, self._headlines)
        return make_pairs(self._catalogue, nearest, candidates)

    def __call__(self, examples: Sequence[Example]) -> dict[str, Any]:
        """Return padded inputs of all pairs, and `groups`: how many pairs each example has."""
        pairs: list[Pair] = []
        groups = []
        for example in examples:
            shown = random.sample(example.shown, min(NEGATIVES, len(example.shown)))
            made = self.pairs(_cut(example.history), [example.clicked, *shown])
            pairs += made
            groups.append(len(made))
        batch = pad(encode_pairs(self.tokenizer, pairs, self._max_tokens), int(self.tokenizer.pad_token_id or 0))
        return {**batch, "groups": torch.tensor(groups)}


def _cut(history: list[int]) -> list[int]:
    if len(history) < 2 or random.random() >= HISTORY_CUT:
        return history
    return history[: random.randint(1, len(history))]


def listwise_loss(logits: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
    """Return the mean over groups of -log softmax of each group's first logit (ListNet's top one, Cao et al. 2007)."""
    losses = [-torch.log_softmax(group, 0)[0] for group in torch.split(logits, groups.tolist())]
    return torch.stack(losses).mean()


class ImpressionTrainer(Trainer):  # type: ignore[misc]
    """Trainer with the listwise loss, and with valid nDCG@10 as its measure."""

    control: Any

    def __init__(self, *, measure: Callable[[CrossEncoder], float], **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self._measure = measure

    def compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, **_: Any) -> Any:  # noqa: ANN401
        """Return the loss of one batch of PairMaker."""
        groups = inputs.pop("groups")
        logits = model(**inputs)
        loss = listwise_loss(logits, groups)
        return (loss, logits) if return_outputs else loss

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:  # noqa: ANN401
        """Measure valid nDCG@10 and log it."""
        metrics = {"eval_ndcg@10": self._measure(self.model.eval())}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics


def new_cross_encoder(base: str, recipe: Recipe) -> CrossEncoder:
    """Return a cross-encoder with fresh adapters on a base model."""
    from peft import LoraConfig, get_peft_model

    set_seed(recipe.seed)
    # On a CPU dropout costs more than it gives here.
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    bert = load_base(base, **still)
    targets = ["query", "key", "value", "dense"]
    config = LoraConfig(r=ADAPTER_RANK, lora_alpha=2 * ADAPTER_RANK, target_modules=targets)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers for a property by its former name
        return CrossEncoder(get_peft_model(bert, config))


def fit(
    model: CrossEncoder,
    examples: Sequence[Example],
    make_batch: PairMaker,
    measure: Callable[[CrossEncoder], float],
    *,
    recipe: Recipe,
    checkpoints: Path,
) -> list[dict[str, float]]:
    """Train a model in place, keep its best state by `measure`, and return the log.

    Checkpoints lie in the given folder; a training that was killed goes on from the last one.
    """
    trainer = ImpressionTrainer(
        measure=measure,
        model=model,
        args=_arguments(recipe, checkpoints),
        train_dataset=list(examples),
        eval_dataset=list(examples[:1]),  # asked for by Trainer; `measure` holds what is really measured
        data_collator=make_batch,
    )
    trainer.remove_callback(PrinterCallback)
    before = measure(model.eval())
    trainer.train(resume_from_checkpoint=last_whole(checkpoints))
    return [{"epoch": 0.0, "eval_ndcg@10": before}, *trainer.state.log_history]


def _arguments(recipe: Recipe, checkpoints: Path) -> TrainingArguments:
    device = models.pick_device()
    return TrainingArguments(
        output_dir=str(checkpoints),
        per_device_train_batch_size=recipe.batch_size,
        num_train_epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        warmup_steps=0.1,
        lr_scheduler_type="linear",
        max_grad_norm=1.0,
        use_cpu=device.type == "cpu",
        bf16=models.pick_dtype(device) == torch.bfloat16,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=1,
        load_best_model_at_end=True,
        metric_for_best_model="ndcg@10",
        greater_is_better=True,
        logging_steps=10,
        seed=recipe.seed,
        remove_unused_columns=False,
        report_to="none",
        disable_tqdm=not sys.stderr.isatty(),
        dataloader_pin_memory=False,
    )


def centre(model: CrossEncoder, logits: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    """Shift the logits so that their median over the valid impressions is 0, a relevance of one half."""
    with torch.no_grad():
        model.offset.sub_(float(np.median(logits)))


def save_cross_encoder(model: CrossEncoder, folder: Path, *, base: str, recipe: Recipe, card: dict[str, Any]) -> None:
    """Write the adapter in float16, the head and the card into a new folder."""
    folder.mkdir(parents=True)
    model.bert.to(torch.float16).save_pretrained(str(folder))
    head = {
        name: value.detach().contiguous() for name, value in model.state_dict().items() if not name.startswith("bert.")
    }
    save_file(head, folder / HEAD)
    settings = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    settings["base_model_name_or_path"] = base
    (folder / "adapter_config.json").write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", "utf-8")
    (folder / "README.md").unlink(missing_ok=True)
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)  # safetensors writes them for their owner alone
    document = {**card, "base": base, "base_fingerprint": models.fingerprint(base), "recipe": asdict(recipe)}
    (folder / CARD).write_text(json.dumps(document, indent=2) + "\n", "utf-8")
