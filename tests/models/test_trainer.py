import json
from dataclasses import dataclass

import pytest
import torch

from broadsheet.errors import TrainingError
from broadsheet.models.trainer import MeasuredTrainer, epoch_measures, last_whole, trainer_arguments


@dataclass(frozen=True)
class Recipe:
    epochs: int = 9
    batch_size: int = 2
    weight_decay: float = 0.0


class Line(torch.nn.Module):
    """One weight, which learns to be 1."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(0.0))

    def forward(self, x):
        return ((self.weight - 1) * x) ** 2


class Stop(BaseException):
    """Stands for a kill."""


class Measures:
    """A measure that returns these values in turn, and breaks off where a value is Stop."""

    def __init__(self, *values):
        self.values = iter(values)
        self.weights = []

    def __call__(self, model):
        value = next(self.values)
        if value is Stop:
            raise Stop
        self.weights.append(model.weight.item())
        return value


def train(folder, measure, *, greater=True, patience=2, items=(1.0, 2.0, 3.0)):
    model = Line()
    trainer = MeasuredTrainer(
        loss=lambda model, batch: model(batch["x"]).mean(),
        section="towers",
        items=items,
        measure=measure,
        patience=patience,
        model=model,
        args=trainer_arguments(Recipe(), folder, learning_rate=0.1, seed=0, greater_is_better=greater),
        data_collator=lambda items: {"x": torch.tensor(items), "names": [f"item {item}" for item in items]},
    )
    return model, [row["eval_ndcg@10"] for row in trainer.run() if "eval_ndcg@10" in row]


def test_the_epoch_with_the_best_measure_is_kept_and_patience_ends_the_training(tmp_path):
    measures = Measures(0.1, 0.3, 0.2, 0.3)
    model, measured = train(tmp_path, measures)
    assert measured == [0.1, 0.3, 0.2, 0.3], "the fourth is no better than the second, so patience is at an end"
    assert model.weight.item() == measures.weights[1]


def test_the_lowest_measure_is_the_best_where_less_is_better(tmp_path):
    measures = Measures(0.3, 0.1, 0.2, 0.2)
    model, measured = train(tmp_path, measures, greater=False)
    assert measured == [0.3, 0.1, 0.2, 0.2] and model.weight.item() == measures.weights[1]


def test_without_patience_all_epochs_are_trained(tmp_path):
    assert len(train(tmp_path, Measures(*[0.0] * 9), patience=0)[1]) == 9


def test_patience_goes_on_after_a_kill_where_it_was(tmp_path):
    whole = Measures(0.3, 0.2, 0.1)
    model, _ = train(tmp_path / "whole", whole)
    with pytest.raises(Stop):
        train(tmp_path / "killed", Measures(0.3, 0.2, Stop))
    again, measured = train(tmp_path / "killed", Measures(0.1))
    assert measured == [0.3, 0.2, 0.1] and again.weight.item() == model.weight.item() == whole.weights[0]


def test_a_training_killed_when_its_patience_was_at_an_end_is_not_trained_further(tmp_path):
    model, measured = train(tmp_path, Measures(0.3, 0.2, 0.1))
    again, measured_again = train(tmp_path, Measures())
    assert measured_again == measured and again.weight.item() == model.weight.item()


def test_a_checkpoint_that_was_cut_short_is_removed_and_the_one_before_it_is_taken(tmp_path):
    for step, state in ((9, '{"log_history": [{"eval_ndcg@10": 0.5}, {"loss": 1}]}'), (10, '{"log'), (11, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if state:
            (folder / "trainer_state.json").write_text(state)
    assert last_whole(tmp_path) == tmp_path / "checkpoint-9"
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-9"]
    assert epoch_measures(tmp_path / "checkpoint-9") == [0.5]
    assert last_whole(tmp_path / "nothing") is None


def test_a_loss_that_is_not_finite_is_an_error_that_names_the_batch_and_the_setting(tmp_path):
    with pytest.raises(TrainingError) as caught:
        train(tmp_path, Measures(), items=(float("inf"), 1.0))
    assert str(caught.value).startswith("step 1: the loss is inf on item ")
    assert "Lower learning_rate under [towers]" in str(caught.value) and str(tmp_path) in str(caught.value)


def test_arguments_that_a_training_gives_replace_the_common_ones(tmp_path):
    arguments = trainer_arguments(Recipe(), tmp_path, learning_rate=0.1, seed=3, save_total_limit=7)
    assert (arguments.save_total_limit, arguments.seed, arguments.metric_for_best_model) == (7, 3, "ndcg@10")
    assert json.loads(arguments.to_json_string())["restore_callback_states_from_checkpoint"] is True


def test_a_log_is_told_what_each_epoch_reached(tmp_path, capfd):
    train(tmp_path, Measures(0.25, 0.5, 0.4, 0.3))
    told = capfd.readouterr().err.splitlines()
    assert [line for line in told if "epoch" in line] == [
        "training [towers]: epoch 1, ndcg@10 0.2500",
        "training [towers]: epoch 2, ndcg@10 0.5000",
        "training [towers]: epoch 3, ndcg@10 0.4000",
        "training [towers]: epoch 4, ndcg@10 0.3000",
    ]
