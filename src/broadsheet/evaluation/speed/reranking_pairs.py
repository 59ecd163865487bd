"""What benchmark_reranking_speed.py scores: readers' pairs of headlines and candidates, and the model as a folder."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from broadsheet.corpus.impressions import read_split
from broadsheet.errors import InputError
from broadsheet.models import loading as models
from broadsheet.offline.replay import states
from broadsheet.readers.state import ReaderState
from broadsheet.rerank.cross_encoder.pair_tokens import Pair, PairTokenizer, encode_pairs
from broadsheet.rerank.cross_encoder.pairs import make_pairs, nearest_history
from broadsheet.rerank.cross_encoder.trained import HEAD, load_base, read_weights
from broadsheet.workbench.workbench import Workbench

Requests = list[tuple[list[ReaderState], pa.Table]]
"""Of each reader: the state in a list of its own, and the candidates."""


def draw_requests(bench: Workbench, split: str, readers: int, depth: int) -> Requests:
    """Return readers of a split, drawn by a seed, each at their first impression; raises InputError if they are few."""
    impressions = read_split(bench.data.newsroom, bench.data.catalogue, split).impressions
    first = {one.user_id: one for one in reversed(impressions)}
    known = [one for _, one in sorted(first.items()) if one.history_rows]
    requests: Requests = []
    for place in np.random.default_rng(0).permutation(len(known)).tolist():
        reader = bench.readers(states([known[place]]))
        candidates = bench.retriever(reader, bench.retriever.vectors(reader), known[place].time, k=depth)
        if len(candidates) >= depth:
            requests.append((reader, candidates.slice(0, depth)))
        if len(requests) == readers:
            return requests
    raise InputError(
        f"{readers} readers: found {len(requests)} of split {split} with {depth} candidates. Ask for fewer."
    )


def pairs_of(bench: Workbench, requests: Requests, tokenizer: Any) -> list[list[Pair]]:  # noqa: ANN401
    """Return the pairs of each reader, cut so that any tokenizer call reads the tokens that the cross-encoder reads."""
    settings, found = bench.models.config.rerank, []
    for (reader,), candidates in requests:
        rows = bench.data.catalogue.rows(candidates.column("news_id").to_pylist())
        history = list(reader.history[-bench.models.config.retrieval.history :])
        nearest = nearest_history(bench.data.catalogue, history, rows, settings.headlines)
        found.append(_cut(make_pairs(bench.data.catalogue, nearest, rows), tokenizer, settings.max_tokens))
    return found


def _cut(pairs: Sequence[Pair], tokenizer: Any, max_tokens: int) -> list[Pair]:  # noqa: ANN401
    rows = encode_pairs(tokenizer, pairs, max_tokens)
    cut = []
    for (history, candidate), row in zip(pairs, rows, strict=True):
        second = sum(row["token_type_ids"])
        kept = len(row["input_ids"]) - second - 2, second - 1  # without special tokens
        cut.append((_first_tokens(history, kept[0], tokenizer), _first_tokens(candidate, kept[1], tokenizer)))
    return cut


def _first_tokens(text: str, count: int, tokenizer: Any) -> str:  # noqa: ANN401
    ends = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return text if count >= len(ends) else text[: ends[count - 1][1]] if count else ""


def read_alike(requests: Sequence[Sequence[Pair]], tokenizer: Any, max_tokens: int) -> float:  # noqa: ANN401
    """Return the share of pairs that tokenizer(history, candidate) reads as the cross-encoder does."""
    pairs = [pair for part in requests for pair in part]
    ours = PairTokenizer(tokenizer, max_tokens)(pairs)
    theirs = tokenizer(*map(list, zip(*pairs, strict=True)), truncation=True, max_length=max_tokens)["input_ids"]
    return float(np.mean([row.ids == ids for row, ids in zip(ours, theirs, strict=True)]))


def save_merged(adapter: Path, base: str, folder: Path) -> Any:  # noqa: ANN401
    """Write base model and adapter as one BERT with tokenizer and head, in float32; return the tokenizer."""
    model = read_weights(adapter, load_base(base))
    model.bert.to(torch.float32).save_pretrained(folder)
    tokenizer = models.load("AutoTokenizer", models.resolve(base))
    tokenizer.save_pretrained(folder)
    shutil.copyfile(adapter / HEAD, folder / HEAD)
    return tokenizer
