import json
import struct

import numpy as np
import pytest

from broadsheet.errors import AssetError, ModelError
from broadsheet.models.assets import find
from broadsheet.models.e5_file import convert_e5

HIDDEN, LAYERS, HEADS, BETWEEN, PLACES = 64, 2, 2, 96, 24
PIECES = {"<s>": 0, "<pad>": 0, "</s>": 0, "<unk>": 0, "\u2581": -3.0, "\u2581new": -2.0, "s": -2.5, "\u2581n": -4.0}
PIECES |= {"e": -4.5, "w": -4.5, "ws": -3.0, "\u65b0": -5.0, ":": -3.5, "<mask>": 0}
WORDS = len(PIECES) + 2
SHAPES = {"emb.word": (WORDS, HIDDEN), "emb.pos": (PLACES, HIDDEN), "emb.type": (2, HIDDEN), "emb.ln": (HIDDEN,)}
for layer in range(LAYERS):
    SHAPES |= {f"l{layer}.{part}": (HIDDEN, HIDDEN) for part in ("q", "k", "v", "ao")}
    SHAPES |= {f"l{layer}.fi": (BETWEEN, HIDDEN), f"l{layer}.fo": (HIDDEN, BETWEEN)}
    SHAPES |= {f"l{layer}.aln": (HIDDEN,), f"l{layer}.oln": (HIDDEN,)}


def quantised(weights):
    """Return the bytes of weights in four bits, and the weights that these bytes mean."""
    made, meant = b"", []
    for block in weights.reshape(-1, 32):
        scale = np.float16(np.abs(block).max() / 7)
        halves = np.clip(np.round(block / np.float32(scale)) + 8, 0, 15).astype(np.uint8)
        made += scale.tobytes() + bytes(
            int(low) | int(high) << 4 for low, high in zip(halves[:16], halves[16:], strict=True)
        )
        meant += [(int(half) - 8) * float(scale) for half in halves]
    return made, np.array(meant).reshape(weights.shape)


def write_e5(path):
    """Write a network of two layers in the form E5S1 and return its tensors, in float64 as the file means them."""
    rng = np.random.default_rng(3)
    texts = [piece.encode() for piece in PIECES]
    ends = np.cumsum([0, *map(len, texts)])
    head = b"E5S1" + struct.pack("<I", 1)
    head += struct.pack("<7i", HIDDEN, LAYERS, HEADS, BETWEEN, WORDS, PLACES, 2) + struct.pack("<fi", 1e-12, 32)
    head += struct.pack("<5iQ", len(texts), 0, 2, 1, 3, ends[-1]) + ends.astype("<u4").tobytes()
    head += np.array([*PIECES.values()], "<f4").tobytes() + b"".join(texts)
    head += struct.pack("<iI", 1, 5) + b"12345"
    tensors, entries = {}, []
    for name, shape in SHAPES.items():
        if name in ("emb.word", "emb.pos", "emb.type"):
            parts = {name: rng.normal(size=shape)}
        else:
            scale = 0.3 if len(shape) == 2 else 0.1
            parts = {
                f"{name}.w": rng.normal(size=shape) * scale + (len(shape) == 1),
                f"{name}.b": rng.normal(size=shape[0]),
            }
        for part, values in parts.items():
            if values.ndim == 2 and name not in ("emb.pos", "emb.type"):
                data, tensors[part] = quantised(values.astype(np.float32))
            else:
                data, tensors[part] = values.astype("<f4").tobytes(), values
            entries.append((part.encode(), int(len(data) < values.size * 4), values.size, data))
    at = len(head) + 4 + sum(2 + len(name) + 21 for name, *_ in entries)
    listed, body = struct.pack("<i", len(entries)), b""
    for name, kind, count, data in entries:
        listed += struct.pack("<H", len(name)) + name + struct.pack("<BIQQ", kind, count, at + len(body), len(data))
        body += data
    path.write_bytes(head + listed + body)
    return tensors


def forward(tensors, tokens):
    """BERT's states (tokens, hidden) in plain numpy, from the names of the file."""

    def linear(states, name):
        return states @ tensors[f"{name}.w"].T + tensors[f"{name}.b"]

    def norm(states, name):
        states = states - states.mean(1, keepdims=True)
        return (
            states / np.sqrt((states**2).mean(1, keepdims=True) + 1e-12) * tensors[f"{name}.w"] + tensors[f"{name}.b"]
        )

    def gelu(values):
        from scipy.special import erf

        return values * (1 + erf(values / np.sqrt(2))) / 2

    states = norm(tensors["emb.word"][tokens] + tensors["emb.pos"][: len(tokens)] + tensors["emb.type"][0], "emb.ln")
    for layer in range(LAYERS):
        split = [linear(states, f"l{layer}.{part}").reshape(-1, HEADS, HIDDEN // HEADS) for part in "qkv"]
        query, key, value = split
        scores = np.exp(np.einsum("qhd,khd->hqk", query, key) / np.sqrt(HIDDEN // HEADS))
        mixed = np.einsum("hqk,khd->qhd", scores / scores.sum(2, keepdims=True), value).reshape(-1, HIDDEN)
        states = norm(states + linear(mixed, f"l{layer}.ao"), f"l{layer}.aln")
        between = gelu(linear(states, f"l{layer}.fi"))
        states = norm(states + linear(between, f"l{layer}.fo"), f"l{layer}.oln")
    return states


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("e5")
    tensors = write_e5(folder / "tiny-q4.bin")
    convert_e5(folder)
    return folder, tensors


def test_the_file_becomes_a_folder_with_the_files_of_a_sentence_encoder(converted):
    folder, _ = converted
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "modules.json",
        "1_Pooling/config.json",
        "config_sentence_transformers.json",
    }
    config = json.loads((folder / "config.json").read_text())
    assert (config["hidden_size"], config["vocab_size"], config["layer_norm_eps"]) == (HIDDEN, WORDS, 1e-12)


@pytest.mark.parametrize(
    "text, tokens",
    [
        ("news", [0, 5, 6, 2]),  # -4.5 for "\u2581new s" is more than -7.5 for "\u2581n e ws"
        ("  new\t\u00a0news ", [0, 5, 5, 6, 2]),
        ("\uff53: \u65b0", [0, 4, 6, 12, 4, 11, 2]),  # NFKC makes the wide s a plain one
        ("qq", [0, 4, 3, 2]),  # one unknown piece for both letters
    ],
)
def test_tokens_are_those_of_the_likeliest_pieces(converted, text, tokens):
    from transformers import AutoTokenizer

    assert AutoTokenizer.from_pretrained(converted[0])(text)["input_ids"] == tokens


def test_vectors_are_those_of_a_forward_pass_in_numpy(converted):
    from broadsheet.retrieval.towers.news_tower import load_news_tower

    folder, tensors = converted
    tower = load_news_tower(str(folder), max_tokens=24)
    assert (tower.recipe.prefix, tower.recipe.query_prefix) == ("passage: ", "query: ")
    tokenize = tower._tokenizer
    for texts, prefix, encode in ((["news new", "\u65b0"], "passage: ", tower), (["news"], "query: ", tower.queries)):
        for text, found in zip(texts, encode(texts), strict=True):
            mean = forward(tensors, tokenize(prefix + text)["input_ids"]).mean(0)
            assert found @ mean / np.linalg.norm(mean) > 0.999


def test_a_file_of_another_form_is_one_error(tmp_path):
    (tmp_path / "other.bin").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelError, match=r"other.bin: not a file of the form E5S1 \(found b'GGUF', version 0"):
        convert_e5(tmp_path)


@pytest.mark.assets
def test_the_real_encoder_counts_tokens_as_its_vocabulary_says_and_finds_the_same_news_in_other_languages():
    from broadsheet.retrieval.towers.news_tower import load_news_tower

    try:
        find("e5")
    except AssetError as error:
        pytest.skip(str(error))
    tower = load_news_tower("asset:e5", max_tokens=96)
    # The numbers of the likeliest pieces, found by a Viterbi search over the vocabulary of the original file.
    read = tower._tokenizer(
        ["query: Rain and floods in the south", "passage: \u5357\u90e8\u5927\u96e8\u548c\u6d2a\u6c34"]
    )["input_ids"]
    assert read == [
        [0, 41, 1294, 12, 82507, 136, 199349, 7, 23, 70, 127067, 2],
        [0, 46692, 12, 6, 98443, 573, 9731, 264, 45139, 1553, 2],
    ]
    english = [
        "Police arrest two men after a robbery",
        "New record for the women's marathon",
        "Rain and floods in the south",
    ]
    danish = [
        "Politiet anholder to m\u00e6nd efter r\u00f8veri",
        "Ny rekord p\u00e5 maraton for kvinder",
        "Regn og oversv\u00f8mmelser i syd",
    ]
    chinese = [
        "\u8b66\u65b9\u901a\u7f09\u6436\u52ab\u6848\u4e24\u540d\u7537\u5b50",
        "\u5973\u5b50\u9a6c\u62c9\u677e\u65b0\u7eaa\u5f55",
        "\u5357\u90e8\u5927\u96e8\u548c\u6d2a\u6c34",
    ]
    for other in (danish, chinese):
        likeness = tower(english) @ tower(other).T
        assert likeness.argmax(1).tolist() == [0, 1, 2]
        assert likeness.diagonal().min() > 0.3 > (likeness.sum() - likeness.trace()) / 6
