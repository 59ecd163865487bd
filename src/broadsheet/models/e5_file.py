"""The file e5-small-q4.bin, multilingual-e5-small in four bits, converted to a folder that transformers can load.

The file holds, all numbers little-endian:

- the text `E5S1`, a version, and the sizes of the network;
- the vocabulary of the tokenizer, a unigram model as of XLM-R: the score and the text of each piece;
- a table of normalisation, which is skipped: Nmt, NFKC and collapsed spaces give the same tokens;
- the list of tensors, then their values. A tensor of type 1 is in blocks of 32 weights: a float16 scale and 16 bytes.
  The low halves of the bytes are weights 0 to 15, the high halves weights 16 to 31; a weight is (half - 8) * scale.

The network is a plain BERT: positions from 0, all tokens of type 0. Texts begin with `query: ` or `passage: `.
"""

import json
import shutil
import struct
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from broadsheet.errors import ModelError
from broadsheet.models.sentence_recipe import CENTRE

_BLOCK = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])
_SIZES = "hidden_size num_hidden_layers num_attention_heads intermediate_size vocab_size max_position_embeddings"
_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln": "embeddings.LayerNorm",
}
_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_ENDS = {"w": "weight", "b": "bias"}
_CENTRED = 384
"""Length of the vectors of the centre that comes with the package, e5_centre.json."""
PROMPTS = {"query": "query: ", "passage": "passage: "}


class Vocabulary(NamedTuple):
    """The pieces of the tokenizer with their scores, and the numbers of the special pieces."""

    pieces: list[tuple[str, float]]
    bos: int
    eos: int
    pad: int
    unk: int


class _Reader:
    """Reads numbers one behind the other."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, form: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{form}", self.data, self.at)
        self.at += struct.calcsize(f"<{form}")
        return found

    def array(self, kind: str, count: int) -> npt.NDArray[Any]:
        found = np.frombuffer(self.data, kind, count, self.at)
        self.at += found.nbytes
        return found

    def text(self, length: int) -> bytes:
        self.at += length
        return self.data[self.at - length : self.at]


def convert_e5(folder: Path) -> None:
    """Replace the one .bin file of a folder by config, float16 safetensors, tokenizer and sentence-transformers files.

    Needs about 0.7 GB of memory. Raises ModelError if the file is of another form.
    """
    from safetensors.numpy import save_file

    (source,) = folder.glob("*.bin")
    try:
        config, vocabulary, tensors = read_e5(source.read_bytes())
    except (struct.error, ValueError, KeyError) as error:
        raise ModelError(f"{source}: not a file of the form E5S1 ({error}). Fetch it again.") from error
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    _write(folder / "config.json", config)
    write_tokenizer(folder, vocabulary, max_tokens=int(config["max_position_embeddings"]))
    _write_sentence_files(folder, int(config["hidden_size"]))
    if config["hidden_size"] == _CENTRED:
        shutil.copyfile(Path(__file__).with_name("e5_centre.json"), folder / CENTRE)
    source.unlink()


def read_e5(data: bytes) -> tuple[dict[str, Any], Vocabulary, dict[str, npt.NDArray[np.float16]]]:
    """Return BERT's config, the vocabulary, and the tensors by their names in transformers, dequantised to float16."""
    read = _Reader(data)
    magic, version = read.text(4), read.take("I")[0]
    if magic != b"E5S1" or version != 1:
        raise ValueError(f"found {magic!r}, version {version}, expected b'E5S1', version 1")
    *sizes, types = read.take("7i")
    (eps,), _block = read.take("f"), read.take("i")
    vocabulary = _read_vocabulary(read)
    _, skipped = read.take("iI")
    read.text(skipped)
    shapes = dict(zip(_SIZES.split(), sizes, strict=True))
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        **shapes,
        "type_vocab_size": types,
        "layer_norm_eps": float(f"{eps:.6g}"),
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "position_embedding_type": "absolute",
        "pad_token_id": vocabulary.pad,
        "dtype": "float16",
    }
    return config, vocabulary, _read_tensors(read, shapes)


def _read_vocabulary(read: _Reader) -> Vocabulary:
    count, bos, eos, pad, unk, length = read.take("5iQ")
    ends = read.array("<u4", count + 1).tolist()
    scores = read.array("<f4", count).tolist()
    texts = read.text(length)
    pieces = [texts[ends[n] : ends[n + 1]].decode() for n in range(count)]
    return Vocabulary(list(zip(pieces, scores, strict=True)), bos, eos, pad, unk)


def _read_tensors(read: _Reader, shapes: dict[str, int]) -> dict[str, npt.NDArray[np.float16]]:
    hidden, between = shapes["hidden_size"], shapes["intermediate_size"]
    tensors = {}
    for _ in range(read.take("i")[0]):
        name = read.text(read.take("H")[0]).decode()
        kind, count, start, length = read.take("BIQQ")
        values = _values(read.data[start : start + length], kind)[:count]
        if name.endswith((".b", "ln.w")):
            shape: tuple[int, ...] = (-1,)
        else:
            shape = (-1, between if name.endswith("fo.w") else hidden)
        tensors[_long_name(name)] = values.astype(np.float16).reshape(shape)
    return tensors


def _values(data: bytes, kind: int) -> npt.NDArray[np.float32]:
    if kind == 0:
        return np.frombuffer(data, "<f4")
    blocks = np.frombuffer(data, _BLOCK)
    halves = np.concatenate([blocks["halves"] & 15, blocks["halves"] >> 4], 1).astype(np.int8) - 8
    values: npt.NDArray[np.float32] = (halves * blocks["scale"].astype(np.float32)[:, None]).ravel()
    return values


def _long_name(name: str) -> str:
    """Return the name in transformers: `l3.q.w` is `encoder.layer.3.attention.self.query.weight`."""
    if name in _NAMES:
        return _NAMES[name]
    part, _, end = name.rpartition(".")
    if part in _NAMES:
        return f"{_NAMES[part]}.{_ENDS[end]}"
    layer, _, inner = part.partition(".")
    return f"encoder.layer.{int(layer.removeprefix('l'))}.{_PARTS[inner]}.{_ENDS[end]}"


def write_tokenizer(folder: Path, vocabulary: Vocabulary, *, max_tokens: int) -> None:
    """Write tokenizer.json and tokenizer_config.json: XLM-R's tokenizer, with bos before a text, eos behind it."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    pieces = vocabulary.pieces
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=vocabulary.unk, byte_fallback=False))
    spaces = [normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), *spaces])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    bos, eos = pieces[vocabulary.bos][0], pieces[vocabulary.eos][0]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, vocabulary.bos), (eos, vocabulary.eos)],
    )
    mask = next((piece for piece, _ in pieces if piece == "<mask>"), None)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=bos,
        cls_token=bos,
        eos_token=eos,
        sep_token=eos,
        pad_token=pieces[vocabulary.pad][0],
        unk_token=pieces[vocabulary.unk][0],
        mask_token=mask,
        model_max_length=max_tokens,
        model_input_names=["input_ids", "attention_mask"],
    ).save_pretrained(folder)


def _write_sentence_files(folder: Path, dim: int) -> None:
    steps = [("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")]
    modules = [
        {"idx": n, "name": str(n), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for n, (kind, path) in enumerate(steps)
    ]
    _write(folder / "modules.json", modules)
    (folder / "1_Pooling").mkdir()
    _write(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": dim, "pooling_mode_mean_tokens": True})
    _write(folder / "config_sentence_transformers.json", {"prompts": PROMPTS, "default_prompt_name": None})


def _write(path: Path, content: Any) -> None:  # noqa: ANN401
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
