import json
import os
import shutil
import threading

import pytest
import torch

from broadsheet.errors import ModelError
from broadsheet.models import loading as models


@pytest.fixture
def copy(encoder, tmp_path):
    """A copy of the tiny encoder, to be damaged."""
    return shutil.copytree(encoder, tmp_path / "copy")


def test_a_folder_is_found_and_a_hub_name_is_passed_on(encoder):
    assert models.resolve(str(encoder)) == str(encoder)
    assert models.resolve("BAAI/bge-small-en-v1.5") == "BAAI/bge-small-en-v1.5"


@pytest.mark.parametrize("name", ["/no/such/model", "./no-such", "~/no-such", "a/b/c"])
def test_a_path_without_a_model_is_one_clear_error(name):
    with pytest.raises(ModelError, match=r"no config.json in that folder. Name asset:NAME"):
        models.resolve(name)


def test_a_fingerprint_is_of_the_contents_alone(encoder, copy):
    original = models.fingerprint(str(encoder))
    assert len(original) == 16 and int(original, 16) >= 0
    assert models.fingerprint(str(copy)) == original
    (copy / "card.json").write_text("{}")
    assert models.fingerprint(str(copy)) == original
    (copy / "tokenizer_config.json").write_text("{}")
    assert models.fingerprint(str(copy)) != original


def test_a_changed_weight_changes_the_fingerprint(encoder, copy):
    before = models.fingerprint(str(copy))
    data = bytearray((copy / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (copy / "model.safetensors").write_bytes(data)
    os.utime(copy / "model.safetensors", ns=(1, 1))
    assert models.fingerprint(str(copy)) != before


def test_weights_load_in_evaluation_mode(encoder):
    model = models.load_weights("AutoModel", str(encoder), dtype=torch.float32)
    assert not model.training and model.dtype == torch.float32


def truncate(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def empty(folder):
    (folder / "model.safetensors").write_bytes(b"")


def pickle(folder):
    model = models.load_weights("AutoModel", str(folder))
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def forget(folder):
    (folder / "model.safetensors").unlink()


def misdescribe(folder):
    (folder / "config.json").write_text('{"model_type": "no-such-model"}')


def garble(folder):
    (folder / "config.json").write_text("{")


@pytest.mark.parametrize("damage", [truncate, empty, pickle, forget, misdescribe, garble])
def test_a_damaged_or_pickled_model_is_one_clear_error(copy, damage):
    damage(copy)
    with pytest.raises(ModelError, match=r"transformers cannot load it \(.+\). Name asset:NAME") as caught:
        models.load_weights("AutoModel", str(copy))
    assert str(copy) in str(caught.value)


def test_a_hub_name_out_of_reach_is_one_clear_error():
    with pytest.raises(ModelError, match="'no-such-person/no-such-model': transformers cannot load it"):
        models.load("AutoConfig", "no-such-person/no-such-model")


def test_a_model_without_a_tokenizer_is_one_clear_error(copy):
    for path in copy.glob("tokenizer*"):
        path.unlink()
    with pytest.raises(ModelError, match="no tokenizer with a vocabulary in it"):
        models.load("AutoTokenizer", str(copy))


def test_the_device_and_its_dtype_can_compute():
    device = models.pick_device()
    dtype = models.pick_dtype(device)
    assert device.type == ("cuda" if torch.cuda.is_available() else "cpu")
    product = torch.ones(4, 4, dtype=dtype, device=device) @ torch.ones(4, 4, dtype=dtype, device=device)
    assert dtype in (torch.bfloat16, torch.float32) and product.float().eq(4).all()


@pytest.mark.parametrize("longest", ["long", None, -5, 0])
def test_a_tokenizer_that_reads_no_text_is_one_clear_error(copy, longest):
    settings = json.loads((copy / "tokenizer_config.json").read_text())
    (copy / "tokenizer_config.json").write_text(json.dumps({**settings, "model_max_length": longest}))
    model, tokenizer = models.load_weights("AutoModel", str(copy)), models.load("AutoTokenizer", str(copy))
    if longest is None:  # transformers sets a number of its own
        models.check_length("retrieval.max_tokens", 96, model, tokenizer)
        return
    with pytest.raises(ModelError, match=rf"retrieval\.max_tokens: model_max_length is '{longest}', expected a number"):
        models.check_length("retrieval.max_tokens", 96, model, tokenizer)


def test_two_threads_never_make_models_at_once(encoder, monkeypatch):
    """Torch's default dtype, which transformers changes for a moment, belongs to the whole process."""
    import transformers

    begun, other = [], threading.Thread(target=lambda: models.load("Watched", str(encoder)))

    class Watched:
        @staticmethod
        def from_pretrained(*_, **__):
            begun.append(threading.current_thread())
            if len(begun) == 1:
                other.start()
                other.join(timeout=0.2)  # without the lock it would begin, and end, in this time
                assert begun == [threading.current_thread()]
            return object()

    monkeypatch.setattr(transformers, "Watched", Watched, raising=False)
    models.load("Watched", str(encoder))
    other.join()
    assert begun[1] is other
