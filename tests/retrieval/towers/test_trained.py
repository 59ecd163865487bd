import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from broadsheet.errors import ModelError
from broadsheet.models import loading as models
from broadsheet.retrieval.towers import trained as towers
from broadsheet.retrieval.towers.trained import (
    MODES,
    choose_towers,
    load_trained_news_tower,
    load_user_tower,
    new_encoder,
    read_card,
    save_towers,
)
from broadsheet.retrieval.towers.two_towers import TwoTowers
from broadsheet.retrieval.towers.user_tower import UserTower
from tests.support.cards import without_hashes
from tests.support.stage_contract import unit
from tests.support.tiny import make_encoder

TEXTS = ["football match", "the election of the minister. politics", "space"]
OFF = {"anchor": 0.0, "in_batch": 0.0, "distillation": 0.0, "adversarial": 0.0, "recompute": False}


def trained(encoder, mode, **shape):
    """Towers with other weights than they had untrained, as training leaves them."""
    torch.manual_seed(1)
    tower = UserTower(32, **{"history": 5, **shape})
    model = TwoTowers(
        tower, new_encoder(str(encoder), mode), torch.zeros(1, 32), torch.zeros(1), temperature=0.2, **OFF
    ).eval()
    with torch.no_grad():
        for part in model.parameters():
            if part.requires_grad:
                part.add_(0.05 * torch.randn_like(part))
    return model


def vectors_of(model, encoder):
    """What the module itself makes of the texts."""
    tokens = models.load("AutoTokenizer", str(encoder))(TEXTS, padding=True, return_tensors="pt")
    with torch.inference_mode():
        return model._encode(tokens["input_ids"], tokens["attention_mask"]).numpy()


def histories():
    rng = np.random.default_rng(0)
    return [unit(rng.normal(size=(count, 32))) for count in (1, 3, 6)]


@pytest.fixture(scope="module")
def saved(encoder, tmp_path_factory):
    """A folder of trained towers for each mode, to copy or to read."""
    folder = tmp_path_factory.mktemp("towers")
    for mode in MODES:
        save_towers(trained(encoder, mode), folder / mode, mode=mode, base=str(encoder), card={"note": mode})
    return folder


@pytest.fixture
def copied(saved, tmp_path):
    return without_hashes(shutil.copytree(saved / "lora", tmp_path / "own"))


@pytest.mark.parametrize("mode", MODES)
def test_towers_of_each_mode_come_back_with_the_same_vectors(encoder, saved, mode):
    model = trained(encoder, mode)
    found = load_user_tower(saved / mode, str(encoder), 32, history=99)
    assert not found.training and found.history == 5, "the shape is the card's"
    # Weights are stored in half precision, whose numbers have eleven bits.
    assert np.allclose(found.encode(histories()), model.user_tower.encode(histories()), atol=5e-3)
    tower = load_trained_news_tower(saved / mode, str(encoder), max_tokens=16)
    if mode == "frozen":
        base = load_trained_news_tower(None, str(encoder), max_tokens=16)
        assert np.array_equal(tower(TEXTS), base(TEXTS)) and tower.fingerprint == base.fingerprint
    else:
        rounding = 2e-2 if models.pick_dtype(models.pick_device()) == torch.bfloat16 else 5e-3
        assert np.allclose(tower(TEXTS), vectors_of(model, encoder), atol=rounding)


def test_a_tower_of_several_interests_and_layers_comes_back(encoder, tmp_path):
    model = trained(encoder, "frozen", interests=3, layers=2)
    save_towers(model, tmp_path / "own", mode="frozen", base=str(encoder), card={})
    found = load_user_tower(tmp_path / "own", str(encoder), 32, history=5).encode(histories())
    assert found.shape == (3, 3, 32)
    assert np.allclose(found, model.user_tower.encode(histories()), atol=5e-3)


def test_news_towers_that_learned_apart_have_fingerprints_apart(encoder, saved, tmp_path):
    other = trained(encoder, "lora")
    with torch.no_grad():
        next(part for name, part in other.named_parameters() if "lora_B" in name).mul_(2)
    save_towers(other, tmp_path / "lora", mode="lora", base=str(encoder), card={})
    folders = [None, *(saved / mode for mode in MODES if mode != "frozen"), tmp_path / "lora"]
    named = [load_trained_news_tower(folder, str(encoder), max_tokens=16).fingerprint for folder in folders]
    assert len(set(named)) == len(named)
    again = load_trained_news_tower(saved / "lora", str(encoder), max_tokens=16)
    assert again.fingerprint == named[1]


def test_a_folder_holds_safetensors_a_card_and_no_more_than_its_mode_needs(saved):
    names = {mode: sorted(path.name for path in (saved / mode).iterdir()) for mode in MODES}
    assert names["frozen"] == ["card.json", "user_tower.safetensors"]
    assert names["lora"] == ["adapter_config.json", "adapter_model.safetensors", *names["frozen"]]
    assert names["full"] == names["last-n"] == ["card.json", "encoder", "user_tower.safetensors"]
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in saved.rglob("*.safetensors"))
    assert not [path for path in saved.rglob("*") if path.suffix in (".bin", ".pt", ".pkl", ".py")]


def test_the_card_names_mode_base_and_shape(encoder, saved):
    card = read_card(saved / "last-n", str(encoder))
    assert card["note"] == card["mode"] == "last-n" and card["base"] == str(encoder)
    assert card["base_fingerprint"] == models.fingerprint(str(encoder))
    assert card["user_tower"] == {"interests": 1, "layers": 1, "history": 5}


@pytest.mark.parametrize(
    ("mode", "learning"), [("lora", ("lora_",)), ("last-n", ("layer.0.", "layer.1.")), ("full", ("",))]
)
def test_what_learns_is_what_the_mode_says(encoder, mode, learning):
    for name, part in new_encoder(str(encoder), mode).named_parameters():
        assert part.requires_grad == any(word in name for word in learning), name
        assert part.dtype == torch.float32


def test_towers_of_another_encoder_are_one_clear_error(copied, tmp_path):
    other = str(make_encoder(tmp_path / "other", seed=5))
    for load in (
        lambda: read_card(copied, other),
        lambda: load_user_tower(copied, other, 32, history=5),
        lambda: load_trained_news_tower(copied, other, max_tokens=16),
        lambda: choose_towers("auto", copied, other),
    ):
        with pytest.raises(
            ModelError,
            match=r"trained on base model \w+, but retrieval.encoder = .*Train it again with `broadsheet train towers`",
        ):
            load()


def break_card(folder, **changes):
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, **changes}))


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def other_shape(path):
    save_file({name: value[:1] for name, value in load_file(path).items()}, path)


def without(path):
    weights = load_file(path)
    del weights[sorted(weights)[0]]
    save_file(weights, path)


DAMAGES = {
    "no card": lambda folder: (folder / "card.json").unlink(),
    "no user tower": lambda folder: (folder / "user_tower.safetensors").unlink(),
    "card cut": lambda folder: cut(folder / "card.json"),
    "card is a list": lambda folder: (folder / "card.json").write_text("[]"),
    "card is no text": lambda folder: (folder / "card.json").write_bytes(b"\xff\xfe\x00"),
    "card without a shape": lambda folder: break_card(folder, user_tower={"interests": 1}),
    "card of a shape in words": lambda folder: break_card(folder, user_tower=dict.fromkeys(("interests",), "two")),
    "card of another mode": lambda folder: break_card(folder, mode="half"),
    "another shape": lambda folder: break_card(folder, user_tower={"interests": 2, "layers": 1, "history": 5}),
    "user tower cut": lambda folder: cut(folder / "user_tower.safetensors"),
    "user tower of another shape": lambda folder: other_shape(folder / "user_tower.safetensors"),
    "user tower lacks a weight": lambda folder: without(folder / "user_tower.safetensors"),
    "no adapter": lambda folder: (folder / "adapter_model.safetensors").unlink(),
    "adapter cut": lambda folder: cut(folder / "adapter_model.safetensors"),
    "adapter lacks a weight": lambda folder: without(folder / "adapter_model.safetensors"),
    "adapter of another shape": lambda folder: other_shape(folder / "adapter_model.safetensors"),
    "no adapter settings": lambda folder: (folder / "adapter_config.json").unlink(),
    "adapter settings cut": lambda folder: cut(folder / "adapter_config.json"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_folder_is_one_clear_error_that_names_it(encoder, copied, damage):
    DAMAGES[damage](copied)
    with pytest.raises(ModelError, match=r"(?s)own.*broadsheet train towers"):
        (
            load_user_tower(copied, str(encoder), 32, history=5),
            load_trained_news_tower(copied, str(encoder), max_tokens=16),
        )


def test_a_damaged_whole_encoder_is_one_clear_error(encoder, saved, tmp_path):
    folder = shutil.copytree(saved / "full", tmp_path / "own")
    cut(folder / "encoder" / "model.safetensors")
    with pytest.raises(ModelError, match="own"):
        load_trained_news_tower(folder, str(encoder), max_tokens=16)


def test_auto_is_the_own_towers_then_those_shipped_then_none(encoder, saved, copied, tmp_path, monkeypatch):
    nowhere, base = tmp_path / "nowhere", str(encoder)
    monkeypatch.setattr(towers, "shipped_towers", lambda: saved / "frozen")
    assert choose_towers("auto", copied, base) == copied.resolve()
    assert choose_towers("auto", nowhere, base) == saved / "frozen"
    assert choose_towers("untrained", copied, base) is None
    assert choose_towers(str(saved / "full"), copied, base) == (saved / "full").resolve()
    monkeypatch.setattr(towers, "shipped_towers", lambda: nowhere)
    assert choose_towers("auto", nowhere, base) is None


def test_shipped_towers_of_another_encoder_are_left_out_and_named_ones_are_an_error(
    saved, tmp_path, monkeypatch, caplog
):
    other = str(make_encoder(tmp_path / "other", seed=5))
    monkeypatch.setattr(towers, "shipped_towers", lambda: saved / "frozen")
    assert choose_towers("auto", tmp_path / "nowhere", other) is None
    assert "untrained" in caplog.text and "trained on base model" in caplog.text
    with pytest.raises(ModelError, match="trained on base model"):
        choose_towers(str(saved / "frozen"), tmp_path / "nowhere", other)


def test_a_named_folder_that_is_none_is_an_error(encoder, copied, tmp_path):
    with pytest.raises(ModelError, match=r"nowhere: no card.json. Expected a folder that"):
        choose_towers(str(tmp_path / "nowhere"), copied, str(encoder))


def test_loading_never_runs_code_of_the_folder(encoder, saved, tmp_path, monkeypatch):
    folder = without_hashes(shutil.copytree(saved / "full", tmp_path / "own"))
    monkeypatch.chdir(folder)
    mark = tmp_path / "ran"
    code = f"from pathlib import Path\nPath({str(mark)!r}).touch()\nfrom transformers import BertModel as Evil\n"
    for place in (folder, folder / "encoder"):
        (place / "evil.py").write_text(code)
    path = folder / "encoder" / "config.json"
    settings = json.loads(path.read_text()) | {"auto_map": {"AutoModel": "evil.Evil", "AutoConfig": "evil.Evil"}}
    path.write_text(json.dumps(settings))
    adapter = without_hashes(shutil.copytree(saved / "lora", tmp_path / "adapter"))
    (adapter / "evil.py").write_text(code)
    path = adapter / "adapter_config.json"
    mapping = {"base_model_class": "Evil", "parent_library": "evil"}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"auto_mapping": mapping}))
    for place in (folder, adapter):
        assert load_trained_news_tower(place, str(encoder), max_tokens=16)(TEXTS).shape == (3, 32)
    assert not mark.exists()
