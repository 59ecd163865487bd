"""Finding and loading a model (asset:NAME, a folder, or a hub name); its fingerprint; the machine's device and dtype.

Models are loaded from safetensors only, and code that comes with them never runs.
"""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadsheet.errors import ConfigError, ModelError
from broadsheet.models.batching import STEP
from broadsheet.models.forks import check_device
from broadsheet.models.sizes import check_sizes
from broadsheet.tables.locks import ThreadLock

if TYPE_CHECKING:
    import torch


# For each new shape oneDNN makes some 60 KB of code, and keeps the code of the last 1,024 shapes. Texts of all lengths
# fill that slowly, which looks like a leak. oneDNN reads this number at its first product; 64 cost no time in encoding.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")


# While transformers makes a model, torch's default dtype is that of the model, in all threads. Two threads that made
# models at once could leave bfloat16 behind as the default of the whole process.
_LOADING = ThreadLock()


def resolve(name: str) -> str:
    """Return what transformers can load: the folder of an asset or of a path, or else the hub name itself.

    Raises AssetError if the asset was not fetched, ModelError if a path is not a model's folder.
    """
    if name.startswith("asset:"):
        from broadsheet.models import assets

        return str(assets.find(name.removeprefix("asset:")))
    folder = Path(name).expanduser()
    if (folder / "config.json").is_file():
        return str(folder)
    if folder.exists() or name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise ModelError(
            f"model {name!r}: no config.json in that folder. Name asset:NAME, a model's folder, or a hub name."
        )
    return name


def load(kind: str, name: str, **options: Any) -> Any:  # noqa: ANN401
    """Load `transformers.<kind>` from a resolved name, such as `load("AutoModel", name)`, quietly.

    Raises ModelError if it cannot be loaded.
    """
    import transformers

    verbosity = transformers.utils.logging.get_verbosity()
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()  # it would report the pooler, which is not used, as missing
    try:
        if "use_safetensors" in options:
            check_sizes(transformers.AutoConfig.from_pretrained(name, trust_remote_code=False).to_dict(), name)
        with _LOADING:
            loaded = getattr(transformers, kind).from_pretrained(name, trust_remote_code=False, **options)
    except ModelError:
        raise
    except Exception as error:  # a file of another form may raise whatever a library did not think of
        raise ModelError(
            f"model {name!r}: transformers cannot load it ({_first_line(error)}). "
            "Name asset:NAME, a folder with config.json, tokenizer and safetensors, or a hub name that this machine "
            "can reach."
        ) from error
    finally:
        transformers.utils.logging.set_verbosity(verbosity)
    # If a model's folder lacks a tokenizer, transformers makes an empty one.
    if kind == "AutoTokenizer" and len(set(loaded.get_vocab()) - set(loaded.all_special_tokens)) < 2:
        raise ModelError(f"model {name!r}: no tokenizer with a vocabulary in it. Put the model's own files beside it.")
    return loaded


def load_weights(kind: str, name: str, **options: Any) -> Any:  # noqa: ANN401
    """Load a model, from safetensors alone, in evaluation mode."""
    return load(kind, name, use_safetensors=True, **options).eval()


def check_length(setting: str, max_tokens: int, model: Any, tokenizer: Any) -> None:  # noqa: ANN401
    """Raise ConfigError if a setting asks for more tokens than a model reads, ModelError if it reads no text."""
    reads = tokenizer.model_max_length
    if not isinstance(reads, int | float) or reads < STEP:
        raise ModelError(
            f"the tokenizer of {setting}: model_max_length is {str(reads)[:40]!r}, expected a number from {STEP} on. "
            "Put the model's own tokenizer_config.json beside its weights."
        )
    limit = int(min(getattr(model.config, "max_position_embeddings", reads), reads))
    limit -= limit % STEP  # what padding can fill
    if max_tokens > limit:
        raise ConfigError(f"{setting}: found {max_tokens}, expected at most {limit}, which is what the encoder reads.")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def fingerprint(name: str) -> str:
    """Return 16 hex digits that name a model: over the files of its folder, or over a hub name and its revision."""
    resolved = resolve(name)
    folder = Path(resolved)
    if folder.is_dir():
        return folder_fingerprint(folder)
    revision = getattr(load("AutoConfig", resolved), "_commit_hash", None)
    return hashlib.sha256(f"{resolved}@{revision}".encode()).hexdigest()[:16]


def folder_fingerprint(folder: Path) -> str:
    """Return 16 hex digits over the names and contents of a model's files; the same on any machine."""
    state = tuple((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in _model_files(folder))
    return _hash_files(folder, state)


def _model_files(folder: Path) -> list[Path]:
    """List the files that decide a model's output; card.json, a note beside them, does not."""
    kinds = (".json", ".safetensors", ".txt", ".model")
    return sorted(path for path in folder.iterdir() if path.suffix in kinds and not path.name.startswith("card."))


@lru_cache(maxsize=32)
def _hash_files(folder: Path, state: tuple[tuple[str, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for path in _model_files(folder):
        with path.open("rb") as file:
            digest.update(f"{path.name}:{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()[:16]


def pick_device() -> torch.device:
    """Return the GPU if there is one, else the CPU; raises ModelError where a fork keeps the GPU from working."""
    import torch

    check_device()
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def pick_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 if the device multiplies it natively (GPU, AMX or AVX512-BF16), else float32."""
    import torch

    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    known = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return torch.bfloat16 if known.get("avx512_bf16") or known.get("amx_bf16") else torch.float32
