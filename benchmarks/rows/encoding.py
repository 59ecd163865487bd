"""One row of benchmark_encoding.py, kept warm in a process of its own, so that its memory is its own.

The process takes a task for each round, {"texts": a JSON file, "vectors": where to write an .npy}, and answers
with seconds and memory. It imports Broadsheet only for Broadsheet's row, so that any interpreter can run the others.
"""

import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from warm_process import serve

CALIBRATION = 300
"""Texts on which OpenVINO's int8 is calibrated, the library's own number."""


def sentence_transformer(folder: Path, max_tokens: int, **options: Any) -> Any:  # noqa: ANN401
    """Load the model as sentence-transformers does: a folder without modules.json is pooled by its mean."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", **options)
    model.max_seq_length = max_tokens
    return model


def bfloat16(folder: Path, max_tokens: int, _: Sequence[str]) -> Any:  # noqa: ANN401
    """Load the model in bfloat16."""
    import torch

    return sentence_transformer(folder, max_tokens, model_kwargs={"torch_dtype": torch.bfloat16})


def onnx_int8(folder: Path, max_tokens: int, _: Sequence[str]) -> Any:  # noqa: ANN401
    """Load dynamic int8, in the library's configuration for AVX512-VNNI."""
    from sentence_transformers import export_dynamic_quantized_onnx_model

    model = sentence_transformer(folder, max_tokens, backend="onnx")
    export_dynamic_quantized_onnx_model(model, "avx512_vnni", str(folder), file_suffix="int8")
    file = {"file_name": "onnx/model_int8.onnx"}
    return sentence_transformer(folder, max_tokens, backend="onnx", model_kwargs=file)


def openvino_int8(folder: Path, max_tokens: int, texts: Sequence[str]) -> Any:  # noqa: ANN401
    """Load static int8, calibrated on texts of this corpus."""
    from sentence_transformers import export_static_quantized_openvino_model

    data = folder / "calibration"
    data.mkdir()
    lines = [json.dumps({"text": text}) for text in texts[:CALIBRATION]]
    (data / "train.jsonl").write_text("\n".join(lines), "utf-8")
    model = sentence_transformer(folder, max_tokens, backend="openvino")
    where = {"dataset_name": str(data), "dataset_config_name": "default", "dataset_split": "train"}
    export_static_quantized_openvino_model(model, None, str(folder), column_name="text", file_suffix="int8", **where)
    file = {"file_name": "openvino/openvino_model_int8.xml"}
    return sentence_transformer(folder, max_tokens, backend="openvino", model_kwargs=file)


MODELS: dict[str, Callable[[Path, int, Sequence[str]], Any]] = {
    "default": lambda folder, max_tokens, _: sentence_transformer(folder, max_tokens),
    "bfloat16": bfloat16,
    "ONNX": lambda folder, max_tokens, _: sentence_transformer(folder, max_tokens, backend="onnx"),
    "ONNX int8": onnx_int8,
    "OpenVINO": lambda folder, max_tokens, _: sentence_transformer(folder, max_tokens, backend="openvino"),
    "OpenVINO int8": openvino_int8,
}
"""Makers of sentence-transformers' rows, from a model's folder that they may write to."""


def encoder(row: str, model: Path, max_tokens: int, texts: Sequence[str]) -> Callable[[Sequence[str]], Any]:
    """Return texts to unit vectors (texts, dim)."""
    if row == "Broadsheet":
        from broadsheet.retrieval.towers.news_tower import load_news_tower

        return load_news_tower(str(model), max_tokens=max_tokens)
    made = MODELS[row](model, max_tokens, texts)
    return lambda texts: made.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)


def encode_table(news: Path, model: Path, max_tokens: int) -> dict[str, float]:
    """Encode a news table through encode_news; return seconds and peak memory."""
    from broadsheet.retrieval import encode_news
    from broadsheet.retrieval.towers.news_tower import load_news_tower
    from broadsheet.tables.arrow_files import read_table
    from broadsheet.tables.schemas import NEWS

    tower = load_news_tower(str(model), max_tokens=max_tokens)
    started = time.perf_counter()
    out = news.with_name("vectors.arrow")
    encode_news(read_table(news, NEWS), out, tower, dim=tower.dim, fingerprint=tower.fingerprint)
    return {"seconds": time.perf_counter() - started, **memory()}


def memory() -> dict[str, float]:
    """Return MiB of resident memory: its peak, and what of it now is no mapped file."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    kib = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines) if "kB" in rest}
    return {"peak_mib": kib["VmHWM"] / 1024, "anonymous_mib": kib["RssAnon"] / 1024}


@contextlib.contextmanager
def copied(model: Path) -> Iterator[Path]:
    """Yield a copy of the model's folder, for exports to go into."""
    with tempfile.TemporaryDirectory() as folder:
        for file in model.iterdir():
            (Path(folder) / file.name).symlink_to(file.resolve())
        yield Path(folder)


def warm(row: str, model: Path, max_tokens: int, texts: Path) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Load a row's model, and return what encodes a round's texts."""
    import numpy as np

    first = json.loads(texts.read_text("utf-8"))
    encode = encoder(row, model, max_tokens, first)
    encode(first[:64])

    def work(task: dict[str, Any]) -> dict[str, Any]:
        asked = json.loads(Path(task["texts"]).read_text("utf-8"))
        started, worked = time.perf_counter(), time.process_time()
        vectors = encode(asked)
        spent = {"seconds": time.perf_counter() - started, "processor_seconds": time.process_time() - worked}
        np.save(task["vectors"], np.asarray(vectors, np.float32))
        return {**spent, **memory()}

    return work


if __name__ == "__main__":
    job, model, max_tokens, file = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    if job == "table":
        serve(lambda: lambda _: encode_table(file, model, max_tokens))
    else:
        with copied(model) as folder:
            serve(lambda: warm(job, folder, max_tokens, file))
