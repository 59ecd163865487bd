import random
import shutil
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import set_seed

from broadsheet.config.training import LossName, RerankerConfig
from broadsheet.errors import ModelError, TrainingError
from broadsheet.models import loading as models
from broadsheet.rerank.cross_encoder.losses import LOSSES, listwise, pairwise, pointwise
from broadsheet.rerank.cross_encoder.trained import load_base, new_cross_encoder
from broadsheet.rerank.cross_encoder.training import centre, fit
from broadsheet.rerank.cross_encoder.training_pairs import ClickGroup, PairMaker, PairShape
from tests.support.stage_contract import catalogue_of
from tests.support.tiny import TOPICS

COUNT = 24
TOPIC = [list(TOPICS)[number % 3] for number in range(COUNT)]
RECIPE = RerankerConfig(learning_rate=3e-3, epochs=3, batch_size=4)
NEGATIVES = 5


@pytest.fixture(scope="module")
def make(encoder):
    """Articles of three topics, each with words of its own topic."""
    vectors = np.eye(3)[[number % 3 for number in range(COUNT)]] + 0.01 * np.arange(COUNT)[:, None]
    titles = [f"{TOPICS[topic][number % 8]} {TOPICS[topic][(number * 3) % 8]}" for number, topic in enumerate(TOPIC)]
    catalogue = catalogue_of(vectors, title=titles, category=TOPIC)
    tokenizer = models.load("AutoTokenizer", str(encoder))
    return PairMaker(
        catalogue, tokenizer, PairShape(headlines=2, history=3, max_tokens=24), RerankerConfig(negatives=NEGATIVES)
    )


def examples(count=12):
    """Readers of one topic each, who click what is of it."""
    same = [[row for row in range(COUNT) if row % 3 == topic] for topic in range(3)]
    return [
        ClickGroup(same[n % 3][:3], same[n % 3][3 + n % 5], [(n + 1) % 3, (n + 2) % 3 + 3, (n + 1) % 3 + 9])
        for n in range(count)
    ]


def test_the_loss_is_minus_the_log_softmax_of_each_groups_first():
    logits = torch.tensor([1.0, 0.0, 2.0, 0.0, 0.0, 0.0])
    # -log(e / (e + 1)) = 0.3132617, a group of one has 0, and of three equals log 3 = 1.0986123.
    assert listwise(logits, torch.tensor([2, 1, 3])).item() == pytest.approx((0.3132617 + 0 + 1.0986123) / 3)


def test_pairwise_is_the_mean_over_the_others_of_how_far_each_is_from_being_below():
    logits = torch.tensor([1.0, 0.0, 3.0, 5.0])
    # log(1 + e^-1) = 0.3132617 and log(1 + e^2) = 2.1269280; a group of one compares nothing.
    expected = ((0.3132617 + 2.1269280) / 2 + 0) / 2
    assert pairwise(logits, torch.tensor([3, 1])).item() == pytest.approx(expected)


def test_pointwise_is_the_cross_entropy_of_every_article():
    logits = torch.tensor([1.0, 0.0, 2.0])
    # -log sigmoid(1) = 0.3132617, -log(1 - sigmoid(0)) = 0.6931472, -log sigmoid(2) = 0.1269280.
    expected = (0.3132617 + 0.6931472 + 0.1269280) / 3
    assert pointwise(logits, torch.tensor([2, 1])).item() == pytest.approx(expected)


@pytest.mark.parametrize("loss", [listwise, pairwise, pointwise])
def test_a_loss_falls_where_the_click_rises(loss):
    groups = torch.tensor([2, 3])
    low, high = torch.zeros(5), torch.tensor([1.0, 0.0, 1.0, 0.0, 0.0])
    assert loss(high, groups) < loss(low, groups)


def test_every_loss_that_the_settings_know_is_there():
    assert set(LOSSES) == set(get_args(LossName))


def test_a_batch_has_the_clicked_article_first_and_some_of_those_shown(make):
    random.seed(0)
    batch = make([ClickGroup([0, 3], 6, [1, 2]), ClickGroup([], 1, list(range(2, 20)))])
    assert batch["groups"].tolist() == [3, 1 + NEGATIVES]
    assert len(batch["input_ids"]) == len(batch["attention_mask"]) == len(batch["token_type_ids"]) == 4 + NEGATIVES
    first = make.tokenizer.decode(batch["input_ids"][0][batch["token_type_ids"][0] == 1])
    assert "sports" in first


def test_the_newest_clicks_are_read_and_the_nearest_of_them_named(make):
    ((history, candidate),) = make.pairs([1, 0, 4, 7], [10])  # 1 is too old, 4 and 7 are of the candidate's topic
    titles = make._catalogue.news["title"].to_pylist()
    assert sorted(history.split(" ; ")) == sorted([titles[4], titles[7]])
    assert candidate == f"politics: {titles[10]}"


class Stop(BaseException):
    """Stands for a kill."""


class Measure:
    """A measure that falls with the loss on fixed pairs; it breaks off at its call numbered `breaks`."""

    def __init__(self, make, breaks=None):
        random.seed(9)
        batch = make(examples(6))
        self.groups, self.batch, self.calls, self.breaks = batch.pop("groups"), batch, 0, breaks

    def __call__(self, model):
        self.calls += 1
        if self.calls == self.breaks:
            raise Stop
        device = model.scale.device
        with torch.inference_mode():
            logits = model(**{name: value.to(device) for name, value in self.batch.items()})
        return -listwise(logits.float().cpu(), self.groups).item()


def train(encoder, make, checkpoints, measure=None, recipe=RECIPE, seed=3, mode="lora"):
    set_seed(seed)
    model = new_cross_encoder(str(encoder), mode)
    log = fit(model, examples(), make, measure or Measure(make), recipe=recipe, seed=seed, checkpoints=checkpoints)
    return {name: value.cpu() for name, value in model.state_dict().items()}, log


@pytest.fixture(scope="module")
def whole(encoder, make, tmp_path_factory):
    """The weights and the log of a training that was not interrupted."""
    return train(encoder, make, tmp_path_factory.mktemp("whole"))


def check_equal(weights, others):
    assert set(weights) == set(others)
    different = [name for name in weights if not torch.equal(weights[name], others[name])]
    assert different == []


def measured(log):
    return [row["eval_ndcg@10"] for row in log if "eval_ndcg@10" in row]


def test_training_learns_and_leaves_the_base_as_it_was(encoder, whole):
    weights, log = whole
    assert len(measured(log)) == 1 + RECIPE.epochs
    assert max(measured(log)[1:]) > measured(log)[0] + 0.05
    base = models.load_weights("AutoModel", str(encoder), add_pooling_layer=False, dtype=torch.float32).state_dict()
    trained = {name.removeprefix("bert.base_model.model.").replace("base_layer.", ""): name for name in weights}
    assert all(torch.equal(base[name], weights[trained[name]]) for name in base)
    assert weights["linear.weight"].any()


def test_the_same_training_again_gives_the_same_weights(encoder, make, whole, tmp_path):
    check_equal(train(encoder, make, tmp_path)[0], whole[0])


@pytest.mark.parametrize("epoch", [2, 3])
def test_a_training_killed_after_a_checkpoint_ends_with_the_weights_of_one_that_was_not(
    encoder, make, whole, tmp_path, epoch
):
    with pytest.raises(Stop):
        train(encoder, make, tmp_path, Measure(make, breaks=1 + epoch))
    assert any(tmp_path.glob("checkpoint-*"))
    measure = Measure(make)
    weights, log = train(encoder, make, tmp_path, measure)
    assert measure.calls == 1 + RECIPE.epochs - (epoch - 1), "the epochs before the kill are not trained again"
    check_equal(weights, whole[0])
    assert measured(log) == measured(whole[1])


def test_a_checkpoint_cut_short_by_a_kill_is_passed_over(encoder, make, whole, tmp_path):
    with pytest.raises(Stop):
        train(encoder, make, tmp_path, Measure(make, breaks=4))
    newest = max(tmp_path.glob("checkpoint-*"), key=lambda folder: int(folder.name[11:]))
    half = newest.with_name("checkpoint-100")
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"half")
    garbled = newest.with_name("checkpoint-99")
    garbled.mkdir()
    (garbled / "trainer_state.json").write_text('{"best')
    check_equal(train(encoder, make, tmp_path)[0], whole[0])


def test_the_best_epoch_is_kept(encoder, make, whole, tmp_path):
    calls = iter(range(10))
    weights, log = train(encoder, make, tmp_path, lambda model: -float(next(calls)))
    assert measured(log) == [0, -1, -2, -3]
    first = load_file(tmp_path / "checkpoint-3" / "model.safetensors")
    check_equal(weights, first)
    assert not torch.equal(weights["linear.weight"], whole[0]["linear.weight"])


def test_a_training_killed_when_it_was_done_is_not_trained_further(encoder, make, tmp_path):
    recipe = replace(RECIPE, epochs=1)
    weights, log = train(encoder, make, tmp_path, recipe=recipe)
    measure = Measure(make)
    again, log_again = train(encoder, make, tmp_path, measure, recipe)
    assert measure.calls == 1 and measured(log_again) == measured(log)
    check_equal(again, weights)


@pytest.mark.parametrize(("loss", "mode"), [("pairwise", "lora"), ("pointwise", "lora"), ("listwise", "full")])
def test_other_losses_and_a_whole_encoder_learn_too(encoder, make, whole, tmp_path, loss, mode):
    weights, log = train(encoder, make, tmp_path, recipe=replace(RECIPE, loss=loss), mode=mode)
    assert max(measured(log)[1:]) > measured(log)[0] + 0.05
    assert any("lora" in name for name in weights) == (mode == "lora")
    assert not torch.equal(weights["linear.weight"], whole[0]["linear.weight"])


def test_a_loss_that_is_no_number_ends_the_training_with_one_clear_error(encoder, make, tmp_path):
    with pytest.raises(TrainingError, match=r"step \d+: the loss is nan.* Lower learning_rate under \[reranker\]"):
        train(encoder, make, tmp_path, recipe=replace(RECIPE, learning_rate=1000.0))


def test_another_seed_is_another_training(encoder, make, whole, tmp_path):
    other, _ = train(encoder, make, tmp_path, recipe=replace(RECIPE, epochs=1), seed=4)
    assert not torch.equal(other["linear.weight"], whole[0]["linear.weight"])


def test_centring_puts_the_median_at_one_half(encoder):
    model = new_cross_encoder(str(encoder))
    before = model.offset.item()
    centre(model, np.array([1.0, 4.0, 2.0], np.float32))
    assert model.offset.item() == pytest.approx(before - 2)


def test_a_base_that_tells_no_segments_apart_is_one_clear_error(encoder, tmp_path):
    folder = shutil.copytree(encoder, tmp_path / "base")
    model = models.load_weights("AutoModel", str(folder))
    model.config.type_vocab_size = 1
    weights = model.state_dict()
    name = "embeddings.token_type_embeddings.weight"
    weights[name] = weights[name][:1].clone()
    model.config.save_pretrained(folder)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="found a model with 1 kinds of segments, expected 2"):
        load_base(str(folder))
