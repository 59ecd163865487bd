"""The files of a trained attentive scorer, and what scores with it.

attention.safetensors   all weights, in float16
card.json               data, recipe, metrics, base model, and the article vectors that it reads
"""

import hashlib
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from broadsheet.models import loading as models
from broadsheet.models import trained_folder
from broadsheet.models.licences import require_own
from broadsheet.models.trained_folder import Card, FolderKind
from broadsheet.readers.reads import READS
from broadsheet.rerank.attentive_scorer.inputs import COUNTS
from broadsheet.rerank.attentive_scorer.model import OUTCOMES, AttentiveScorer
from broadsheet.rerank.attentive_scorer.scorer import TrainedScorer
from broadsheet.tables.files import file_sha256

WEIGHTS = "attention.safetensors"
KIND = FolderKind("train attention", "retrieval.encoder")
_LEARNED_FROM = {"long_read": "clicks with `dwell_seconds`", "hide": "a click log with the event `hide`"}
log = logging.getLogger(__name__)


def shipped_attention() -> Path:
    """Return the folder of the small scorer that comes with the package."""
    return Path(__file__).with_name("attention_default")


def choose_attention(own: Path, base: str, vectors: str, *, shipped: bool = True) -> Path | None:
    """Return the newsroom's `own` folder if it exists, else the package's; None if it reads other article vectors.

    `vectors` names the news tower's weights, see `vectors_name`. Without `shipped` the package's folder is left out.
    Raises ModelError if the folder is not whole.
    """
    folder = own if trained_folder.stands(own) else shipped_attention()
    if folder != own and not (shipped and folder.is_dir()):
        return None
    card = read_card(folder)
    if not shipped:
        require_own(folder, KIND.command)
    if card["base_fingerprint"] == models.fingerprint(base) and card["vectors"] == vectors:
        return folder.resolve()
    which, what = (str(folder), "Train it again") if folder == own else ("the package's scorer", "Train your own")
    log.warning(
        "No attentive scorer fits, so attention is absent from the ranking: %s learned from other article vectors. "
        "%s: `broadsheet train attention`.",
        which,
        what,
    )
    return None


def vectors_name(towers: Path | None) -> str:
    """Return a name for what the trained towers made of the base model's vectors; empty if nothing."""
    if towers is None:
        return ""
    learned = [path for path in sorted(towers.rglob("*.safetensors")) if path.name != "user_tower.safetensors"]
    hashes = "".join(map(file_sha256, learned))
    return hashlib.sha256(hashes.encode()).hexdigest()[:16] if learned else ""


def save_attention(model: AttentiveScorer, folder: Path, *, base: str, vectors: str, card: Mapping[str, Any]) -> None:
    """Write a trained scorer into a new folder."""
    folder.mkdir(parents=True)
    state = {name: value.detach().to(torch.float16).contiguous() for name, value in model.state_dict().items()}
    save_file(state, folder / WEIGHTS)
    dim = model.appeal.in_features
    reads = [] if model.reads is None else list(READS)
    card = {**card, "vectors": vectors, "dim": dim, "counts": list(COUNTS), "reads": reads}
    card.setdefault("outcomes", [])
    trained_folder.write_card(folder, card, base=base)


def read_card(folder: Path) -> Card:
    """Return the card of a trained scorer; raises ModelError if a file is missing or damaged."""
    return trained_folder.read_card(folder, KIND, problem=_problem, files=lambda _: (WEIGHTS,))


def _problem(card: Card) -> str:
    expected = {"vectors": str, "dim": int, "centre": float}
    wrong = [f"{name} is {card.get(name)!r}" for name, kind in expected.items() if not isinstance(card.get(name), kind)]
    if isinstance(card.get("centre"), float) and not math.isfinite(card["centre"]):
        wrong.append(f"centre is {card['centre']!r}, expected a finite number")
    if card.get("counts") != list(COUNTS):
        wrong.append(f"counts are {card.get('counts')!r}, expected {', '.join(COUNTS)}")
    if card.get("reads", []) not in ([], list(READS)):  # cards of earlier versions say nothing of reads
        wrong.append(f"reads are {card['reads']!r}, expected none or {', '.join(READS)}")
    outcomes = card.get("outcomes", [])
    if not (isinstance(outcomes, list) and [one for one in OUTCOMES if one in outcomes] == outcomes):
        wrong.append(f"outcomes are {outcomes!r}, expected some of {', '.join(OUTCOMES)}, in this order")
    return "; ".join(wrong)


def load_attention(folder: Path, outcome_weights: Mapping[str, float] | None = None) -> TrainedScorer:
    """Load a trained scorer; raises ModelError if a file is missing or damaged.

    `outcome_weights` are how much each of OUTCOMES counts in the score beside the click, 0 without them. A weight of
    an outcome that the scorer did not learn is named in a warning.
    """
    card = read_card(folder)
    weights, outcomes = trained_folder.load_weights(folder, WEIGHTS, KIND), tuple(card.get("outcomes", []))
    with trained_folder.reading_weights(folder, KIND):
        with torch.device("meta"):  # a wrong number in the card takes no memory
            model = AttentiveScorer(card["dim"], len(COUNTS), reads=len(card.get("reads", [])), more=len(outcomes))
        model.load_state_dict({name: value.float() for name, value in weights.items()}, assign=True)
    wanted = outcome_weights or {}
    for name in (name for name in OUTCOMES if wanted.get(name) and name not in outcomes):
        log.warning(
            "[rerank.attention] %s = %g counts nothing: the attentive scorer in %s did not learn it. Train a scorer "
            "with `broadsheet train attention` on %s.",
            name,
            wanted[name],
            folder,
            _LEARNED_FROM[name],
        )
    return TrainedScorer(model.eval(), card["centre"], models.folder_fingerprint(folder), outcomes, wanted)
