"""Make a small T5 with random weights and the encoder's words, to be trained from nothing.

No registry has a T5 with weights. What comes of one that has learned from a newsroom's articles alone is a row of
benchmark_generation.py, and says that both kinds of model can be trained and used; it is no writer to be used.

Example: python scripts/make_tiny_t5.py work/t5
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import run


def make(folder: Annotated[Path, typer.Argument(help="A new folder.")]) -> None:
    """Write config, weights and tokenizer into the folder."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    from broadsheet.errors import InputError
    from broadsheet.models import loading as models

    if folder.exists():
        raise InputError(f"{folder}: is there. Name a new folder.")
    tokenizer = models.load("AutoTokenizer", models.resolve("asset:minilm"))
    tokenizer.eos_token = tokenizer.sep_token
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=192,
        d_kv=48,
        d_ff=768,
        num_layers=3,
        num_heads=4,
        feed_forward_proj="gated-gelu",
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    print(folder)


if __name__ == "__main__":
    run(make)
