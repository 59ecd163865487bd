import _thread
import json
import shutil
import threading
import time

import numpy as np
import pytest
from safetensors.numpy import load_file

from broadsheet.errors import CorpusError, InputError, NewsroomError, TrainingError
from broadsheet.importers.transaction import Import
from broadsheet.models import loading as models
from broadsheet.offline.workbenches import prepare_vectors
from broadsheet.rerank import load_cross_encoder
from broadsheet.rerank.cross_encoder.pairs import make_pairs, nearest_history
from broadsheet.training.reranker import train_reranker
from tests.support.tiny import START, make_impressions, make_newsroom

NEVER = {"time": START, "user_id": "U", "history": ["N0"], "propensity": None}
UNUSABLE = [
    {"impression_id": "all", "shown": ["N1", "N2"], "clicked": [True, True]},
    {"impression_id": "none", "shown": ["N1", "N2"], "clicked": [False, False]},
    {"impression_id": "unlabelled", "shown": ["N1", "N2"], "clicked": []},
    {"impression_id": "one with text", "shown": ["N1", "GONE"], "clicked": [True, False]},
]


@pytest.fixture(scope="module")
def trained(encoder, tmp_path_factory):
    """A newsroom with a trained cross-encoder, and what training said."""
    room = make_newsroom(tmp_path_factory.mktemp("trained") / "newsroom", encoder)
    with Import(room) as add:
        add.impressions("train", make_impressions(48))
        add.impressions("valid", make_impressions(60)[48:])
        add.impressions("odd", [{**NEVER, **row} for row in UNUSABLE])
    return room, train_reranker(room, train="train", valid="valid")


@pytest.fixture
def room(trained, tmp_path):
    """A copy of the newsroom with its vectors and without its model."""
    room, _ = trained
    copy = type(room)(tmp_path / "newsroom")
    shutil.copytree(room.path, copy.path)
    shutil.rmtree(copy.path / "models")
    return copy


def weights(folder):
    return {name: load_file(folder / name) for name in ("adapter_model.safetensors", "head.safetensors")}


def check_equal(found, expected):
    for name, tensors in expected.items():
        assert list(found[name]) == list(tensors)
        assert all(np.array_equal(found[name][key], tensors[key]) for key in tensors)


def assert_alone(room):
    """No checkpoint and no earlier model is left beside the trained one and its link."""
    assert set(room.reranker.parent.iterdir()) == {room.reranker, room.reranker.resolve()}


def test_training_writes_a_small_adapter_and_says_what_it_reached(trained, encoder):
    room, summary = trained
    names = ["adapter_config.json", "adapter_model.safetensors", "card.json", "head.safetensors"]
    assert sorted(path.name for path in room.reranker.iterdir()) == names
    assert sum(path.stat().st_size for path in room.reranker.iterdir()) < 4 << 20
    assert_alone(room)
    assert "trained on 48 clicks of train; on 12 impressions of valid: " in summary and "ndcg@10" in summary


def test_the_card_names_data_base_recipe_and_metrics(trained, encoder):
    room, _ = trained
    card = json.loads((room.reranker / "card.json").read_text())
    assert card["base"] == str(encoder) and card["base_fingerprint"] == models.fingerprint(str(encoder))
    assert card["train"] == {"split": "train", "clicks": 48}
    assert card["valid"]["split"] == "valid" and card["valid"]["impressions"] == 12
    assert {"auc", "mrr", "ndcg@5", "ndcg@10"} <= set(card["valid"])
    epochs = card["valid_ndcg@10_by_epoch"]
    assert list(epochs) == [str(float(epoch)) for epoch in range(card["recipe"]["epochs"] + 1)]
    assert card["valid"]["ndcg@10"] == pytest.approx(max(value for epoch, value in epochs.items() if epoch != "0.0"))
    assert card["recipe"]["seed"] == 0 and card["command"].startswith("broadsheet")


def test_what_was_trained_can_be_loaded_and_is_centred(trained, encoder):
    room, _ = trained
    score = load_cross_encoder(room.reranker, str(encoder), max_tokens=72)
    catalogue = prepare_vectors(room).data.catalogue
    pairs = []
    for impression in make_impressions(60)[48:]:
        shown = catalogue.rows(impression["shown"])
        nearest = nearest_history(catalogue, catalogue.rows(impression["history"]), shown, 3)
        pairs += make_pairs(catalogue, nearest, shown)
    scores = score(pairs)
    assert np.median(scores) == pytest.approx(0.5, abs=2e-2), "the median of the valid impressions is one half"
    assert 0 < scores.min() < scores.max() < 1


def interrupt_at_a_checkpoint(room, number):
    """Interrupt the main thread when `number` checkpoints were made, as Ctrl-C would."""
    seen = set()

    def watch():
        deadline = time.monotonic() + 60
        while len(seen) < number and time.monotonic() < deadline:
            seen.update(path.parent.name for path in room.path.glob("models/.*/checkpoints/*/trainer_state.json"))
            time.sleep(0.002)
        _thread.interrupt_main()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def test_an_interrupted_training_goes_on_and_ends_with_the_same_weights(room, trained):
    thread = interrupt_at_a_checkpoint(room, 1)
    with pytest.raises(KeyboardInterrupt):
        train_reranker(room, train="train", valid="valid")
    thread.join()
    assert not room.reranker.exists(), "a half-trained model is never used"
    (folder,) = room.reranker.parent.iterdir()
    assert any((folder / "checkpoints").glob("checkpoint-*"))
    train_reranker(room, train="train", valid="valid")
    check_equal(weights(room.reranker), weights(trained[0].reranker))
    assert_alone(room)


def test_the_former_model_stays_until_the_next_is_whole(room, trained):
    shutil.copytree(trained[0].reranker, room.reranker)
    before = (room.reranker / "card.json").read_text()
    thread = interrupt_at_a_checkpoint(room, 1)
    with pytest.raises(KeyboardInterrupt):
        train_reranker(room, train="train", valid="valid", seed=1)
    thread.join()
    assert (room.reranker / "card.json").read_text() == before
    check_equal(weights(room.reranker), weights(trained[0].reranker))
    train_reranker(room, train="train", valid="valid", seed=1)
    assert json.loads((room.reranker / "card.json").read_text())["recipe"]["seed"] == 1
    assert_alone(room)


@pytest.mark.parametrize(("train", "valid"), [("train", "none"), ("none", "valid"), ("none", "nil")])
def test_a_missing_split_is_one_clear_error_before_the_long_work(room, train, valid):
    shutil.rmtree(room.editions_folder)
    with pytest.raises(CorpusError, match=r"no such split\. Import it") as caught:
        train_reranker(room, train=train, valid=valid)
    for split in {train, valid} - {"train", "valid"}:
        assert f"impressions-{split}.arrow" in str(caught.value)
    assert str(caught.value).endswith(" Imported are: odd, train, valid.")
    assert not room.editions_folder.exists() and not room.reranker.exists()


@pytest.mark.parametrize(("train", "valid"), [("odd", "valid"), ("train", "odd")])
def test_a_split_that_nothing_can_be_learned_from_is_one_clear_error(room, train, valid):
    with pytest.raises(CorpusError, match="split 'odd': no impression shows both a clicked article and another"):
        train_reranker(room, train=train, valid=valid)
    assert not room.reranker.parent.exists()


def test_a_training_that_learned_nothing_says_so_and_saves_nothing(room):
    with Import(room) as add:
        add.impressions("one", make_impressions(1))
    with pytest.raises(TrainingError, match=r"nothing was learned from .* clicks: .*Train on a split with more"):
        train_reranker(room, train="one", valid="valid")
    assert not room.reranker.exists()


def test_a_split_that_is_no_name_is_one_clear_error(room):
    with pytest.raises(NewsroomError, match="expected 1 to 100 letters, digits"):
        train_reranker(room, train="../train", valid="valid")


def test_a_newsroom_without_articles_is_one_clear_error(room):
    room.news.unlink()
    with pytest.raises(NewsroomError, match="no newsroom here"):
        train_reranker(room, train="train", valid="valid")


def test_what_a_training_puts_elsewhere_leaves_the_newsrooms_own_alone(room, trained, tmp_path):
    said = train_reranker(room, train="train", valid="valid", mode="full", out=tmp_path / "other")
    assert said.startswith(f"{tmp_path / 'other'}: full, trained on 48 clicks") and not room.reranker.exists()
    assert json.loads((tmp_path / "other" / "card.json").read_text())["mode"] == "full"


def test_arguments_that_cannot_be_meant_come_in_one_error(room, tmp_path):
    (tmp_path / "full").mkdir()
    with pytest.raises(InputError) as caught:
        train_reranker(room, train="train", valid="train", mode="some", out=tmp_path / "full")
    assert all(
        part in str(caught.value) for part in ("mode: found 'some', expected one of lora, full", "valid: found", "out ")
    )


def test_the_folder_of_another_model_is_not_replaced(room, tmp_path):
    (tmp_path / "towers").mkdir()
    (tmp_path / "towers" / "card.json").write_text("{}")
    with pytest.raises(InputError, match=r"towers: is there and holds no head\.safetensors; expected a new folder"):
        train_reranker(room, train="train", valid="valid", out=tmp_path / "towers")
    assert (tmp_path / "towers" / "card.json").read_text() == "{}"


def test_no_two_trainings_at_once(room):
    with room.lock(), pytest.raises(NewsroomError, match="another build, import or training is at work here"):
        train_reranker(room, train="train", valid="valid")
