"""A language model in a GGUF file, converted to a folder that transformers loads fast."""

from pathlib import Path


def convert_gguf(folder: Path) -> None:
    """Replace the one GGUF file of a folder by bf16 safetensors and a tokenizer, which load ten times as fast.

    Needs about 1.3 GB of memory for 135 M parameters.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    (source,) = folder.glob("*.gguf")
    AutoTokenizer.from_pretrained(folder, gguf_file=source.name).save_pretrained(folder)
    how = {"dtype": torch.float32, "quantization_config": GgufConfig(dequantize=True)}
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=source.name, **how)
    model.to(torch.bfloat16).save_pretrained(folder)
    source.unlink()
