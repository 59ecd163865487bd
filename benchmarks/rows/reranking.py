"""One row of benchmark_reranking_speed.py, kept warm in a process of its own.

The process takes a task for each round, {"pairs": a JSON file of the pairs of each reader, "scores": where to write an
.npy}, and answers with the seconds of each reader. It imports Broadsheet only for Broadsheet's row.

sentence-transformers' rows are its CrossEncoder with our BERT and head as the model inside: tokenising, sorting,
batches, padding and activation are its own. Its backends ask for a classifier that transformers knows, so the model is
exported here as they export theirs.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from warm_process import serve

CALIBRATION = 300
"""Pairs on which OpenVINO's int8 is calibrated, the library's own number."""
NAMES = ("input_ids", "attention_mask", "token_type_ids")
Pairs = Sequence[tuple[str, str]]


def judged(folder: Path, dtype: str = "float32") -> Any:  # noqa: ANN401
    """Return the merged BERT with its head as a torch module: NAMES to logits (pairs, 1)."""
    import torch
    from safetensors.torch import load_file
    from torch.nn.functional import normalize
    from transformers import AutoModel

    head = load_file(folder / "head.safetensors")

    class Judged(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            options = {"add_pooling_layer": False, "dtype": getattr(torch, dtype)}
            self.bert = AutoModel.from_pretrained(folder, **options).eval()

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:  # noqa: ANN401
            states = self.bert(input_ids, attention_mask, token_type_ids).last_hidden_state.float()
            weights = torch.stack([attention_mask * (1 - token_type_ids), attention_mask * token_type_ids], 1).float()
            history, candidate = normalize(weights @ states / weights.sum(-1, keepdim=True), dim=-1).unbind(1)
            product = history * candidate
            logits = head["scale"] * product.sum(-1) + 10 * product @ head["linear.weight"][0] + head["offset"]
            return logits[:, None]

    return Judged()


def predict(folder: Path, run: Callable[..., Any], batch_size: int = 32) -> Callable[[Pairs], Any]:
    """Return sentence-transformers' predict with `run`, NAMES to logits (pairs, 1), as the model inside."""
    import torch
    from sentence_transformers import CrossEncoder
    from transformers.modeling_outputs import SequenceClassifierOutput

    class Inside(torch.nn.Module):
        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any, **_: Any) -> Any:  # noqa: ANN401
            return SequenceClassifierOutput(logits=run(input_ids, attention_mask, token_type_ids))

    encoder = CrossEncoder(str(folder), num_labels=1, device="cpu", activation_fn=torch.nn.Sigmoid())
    inside = Inside()
    inside.config, encoder[0].model = encoder[0].model.config, inside
    return lambda pairs: encoder.predict(list(pairs), batch_size=batch_size, show_progress_bar=False)


def exported(folder: Path) -> tuple[str, Path]:
    """Export the model as ONNX; return its file twice, as text and as path."""
    import torch

    file = folder / "model.onnx"
    example = tuple(torch.ones(2, 8, dtype=torch.long) for _ in NAMES)
    axes = {name: {0: "pairs", 1: "tokens"} for name in NAMES}
    names = {"input_names": list(NAMES), "output_names": ["logits"], "dynamic_axes": axes}
    torch.onnx.export(judged(folder), example, str(file), opset_version=17, dynamo=False, **names)
    return str(file), file


def onnx(folder: Path, _: Pairs, *, int8: bool = False) -> Callable[..., Any]:
    """Run in onnxruntime, in float32 or dynamic int8."""
    import onnxruntime
    import torch

    file, path = exported(folder)
    if int8:
        from onnxruntime.quantization import quantize_dynamic

        quantize_dynamic(path, path.with_name("int8.onnx"), per_channel=True)
        file = str(path.with_name("int8.onnx"))
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return lambda *inputs: torch.from_numpy(
        session.run(None, {name: part.numpy() for name, part in zip(NAMES, inputs, strict=True)})[0]
    )


def openvino(folder: Path, pairs: Pairs, *, int8: bool = False) -> Callable[..., Any]:
    """Run in OpenVINO, as it chooses on this processor or in static int8."""
    import openvino
    import torch

    example = dict(zip(NAMES, torch.ones(3, 2, 8, dtype=torch.long), strict=True))
    model = openvino.convert_model(judged(folder), example_input=example)
    if int8:
        model = _calibrated(model, folder, pairs[:CALIBRATION])
    compiled = openvino.Core().compile_model(model, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    return lambda *inputs: torch.from_numpy(compiled([part.numpy() for part in inputs])[0].copy())


def _calibrated(model: Any, folder: Path, pairs: Pairs) -> Any:  # noqa: ANN401
    import nncf
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    data = nncf.Dataset([dict(tokenizer(*pair, return_tensors="np")) for pair in pairs])
    return nncf.quantize(model, data, model_type=nncf.ModelType.TRANSFORMER, subset_size=len(pairs))


RUNS: dict[str, Callable[[Path, Pairs], Callable[..., Any]]] = {
    "default": lambda folder, _: judged(folder),
    "bfloat16": lambda folder, _: judged(folder, "bfloat16"),
    "ONNX": onnx,
    "ONNX int8": lambda folder, pairs: onnx(folder, pairs, int8=True),
    "OpenVINO": openvino,
    "OpenVINO int8": lambda folder, pairs: openvino(folder, pairs, int8=True),
}
"""What runs inside sentence-transformers' rows, from the model's folder, which it may write to."""


def scorer(row: str, folder: Path, base: str, max_tokens: int, pairs: Pairs) -> Callable[[Pairs], Any]:
    """Return pairs to scores; a row's name may end with its batch size, as in "bfloat16, batch 8"."""
    if row == "Broadsheet":
        from broadsheet.rerank import load_cross_encoder

        return load_cross_encoder(folder, base, max_tokens=max_tokens)
    kind, _, size = row.partition(", batch ")
    return predict(folder, RUNS[kind](folder, pairs), int(size or 32))


def read(file: Path) -> list[list[tuple[str, str]]]:
    """Return the pairs of each reader."""
    return [[(history, candidate) for history, candidate in pairs] for pairs in json.loads(file.read_text("utf-8"))]


def warm(row: str, folder: Path, base: str, max_tokens: int, file: Path) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Load a row's model, and return what scores a round's readers, one at a time."""
    first = read(file)
    score = scorer(row, folder, base, max_tokens, [pair for pairs in first for pair in pairs])
    for pairs in first:
        score(pairs)

    def work(task: dict[str, Any]) -> dict[str, Any]:
        found, seconds, worked = [], [], time.process_time()
        for pairs in read(Path(task["pairs"])):
            started = time.perf_counter()
            found.append(score(pairs))
            seconds.append(time.perf_counter() - started)
        np.save(task["scores"], np.array(found, np.float32))
        return {"seconds": seconds, "processor_seconds": time.process_time() - worked}

    return work


if __name__ == "__main__":
    row, folder, base, max_tokens, file = sys.argv[1:]
    serve(lambda: warm(row, Path(folder), base, int(max_tokens), Path(file)))
