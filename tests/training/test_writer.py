import json
import math
import shutil
from datetime import date
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, T5Config, T5ForConditionalGeneration

from broadsheet.errors import ConfigError, CorpusError, InputError, ModelError
from broadsheet.generate import load_writer
from broadsheet.generate.writers.trained import choose_tuned
from broadsheet.generate.writers.training import pair_loss, token_chances
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.training.writer import train_writer
from broadsheet.training.writer_pairs import personal_pairs, read_pairs
from tests.support.cards import without_hashes
from tests.support.tiny import make_news, make_newsroom, make_writer
from tests.training.test_reranker import interrupt_at_a_checkpoint
from tests.training.test_writer_pairs import OURS, article, write_table

RECIPE = "[writer]\nepochs = 3\nlearning_rate = 0.02\nbatch_size = 4\n"
FILES = {"adapter_config.json", "adapter_model.safetensors", "card.json"}


def make_t5(folder):
    """A T5 of two layers, untrained, with the words of the tiny writer."""
    make_writer(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(0)
    shape = {"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 2}
    ends = {"eos_token_id": 3, "pad_token_id": 0, "decoder_start_token_id": 0}
    T5ForConditionalGeneration(T5Config(**shape, **ends, vocab_size=len(tokenizer))).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def makers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("writers")
    return {"gpt": make_writer(folder / "gpt"), "t5": make_t5(folder / "t5")}


def new_room(path, encoder, writer):
    room = make_newsroom(path, encoder, writer=str(writer), news=0, extra=RECIPE)
    with Import(room) as add:
        add.news([article(row, number) for number, row in enumerate(make_news(40))])
    return room


@pytest.fixture(scope="module", params=["gpt", "t5"])
def trained(request, makers, encoder, tmp_path_factory):
    """A newsroom with a trained writer, and what training said."""
    room = new_room(tmp_path_factory.mktemp("trained") / "newsroom", encoder, makers[request.param])
    return room, train_writer(room, jobs=["headline"])


def test_training_writes_small_adapters_and_a_card(trained):
    room, summary = trained
    assert {path.name for path in room.writer.iterdir()} == FILES
    assert set(room.writer.parent.iterdir()) == {room.writer, room.writer.resolve()}, "no checkpoint is left"
    card = json.loads((room.writer / "card.json").read_text())
    assert card["command"].startswith("broadsheet") and card["broadsheet"] and card["trained_at"]
    assert card["jobs"] == ["headline"] and card["train"] == {"pairs": 36, "until": ""}
    assert card["valid"] == {"pairs": 4, "loss": min(card["valid_loss_by_epoch"].values())}
    assert "lora, trained on 36 pairs for headline; loss on 4 later ones" in summary


def test_what_was_learned_makes_the_titles_likelier(trained):
    card = json.loads((trained[0].writer / "card.json").read_text())
    losses = list(card["valid_loss_by_epoch"].values())
    assert losses[-1] < losses[0] < 4.3, "log of the vocabulary"


def test_the_trained_writer_drafts_its_job_and_the_base_model_the_others(trained):
    room, _ = trained
    base = room.config().generate.writer
    plain, tuned = load_writer(base), load_writer(base, tuned=room.writer)
    prompts = ["The goal of the cup says a new goal."]
    assert tuned.model != plain.model
    assert tuned(prompts, job="summary") == plain(prompts, job="summary")
    assert tuned(prompts, job="headline") != plain(prompts, job="headline")


def test_all_weights_can_be_trained_into_a_whole_models_folder(makers, encoder, tmp_path):
    room = new_room(tmp_path / "newsroom", encoder, makers["t5"])
    train_writer(room, jobs=["headline"], mode="full", out=tmp_path / "whole")
    prompts = ["The goal of the cup says a new goal."]
    tuned = load_writer(str(makers["t5"]), tuned=tmp_path / "whole")
    assert tuned(prompts, job="headline") == load_writer(str(tmp_path / "whole"))(prompts)


def test_an_interrupted_training_goes_on_and_ends_with_the_same_weights(trained, encoder, tmp_path):
    room, _ = trained
    again = Newsroom(shutil.copytree(room.path, tmp_path / "newsroom"))
    shutil.rmtree(again.path / "models")
    thread = interrupt_at_a_checkpoint(again, 1)
    with pytest.raises(KeyboardInterrupt):
        train_writer(again, jobs=["headline"])
    thread.join()
    assert not again.writer.exists()
    train_writer(again, jobs=["headline"])
    found, expected = (load_file(one.writer / "adapter_model.safetensors") for one in (again, room))
    assert found.keys() == expected.keys() and all(torch.equal(found[name], expected[name]) for name in found)


def test_the_newsrooms_own_writer_is_taken_before_what_is_shipped(trained, makers, tmp_path):
    room, base = trained[0], trained[0].config().generate.writer
    assert choose_tuned("auto", room.writer, base) == room.writer.resolve()
    assert choose_tuned("none", room.writer, base) is None
    assert choose_tuned("auto", tmp_path / "none", base) is None, "what is shipped is of another base model"
    assert choose_tuned(str(room.writer), tmp_path / "none", base) == room.writer.resolve()


def damaged(folder, target):
    return without_hashes(shutil.copytree(folder, target))


def test_a_writer_of_another_base_model_is_one_error(trained, tmp_path):
    other = make_writer(tmp_path / "other", seed=1)
    with pytest.raises(ModelError, match=r"trained on base model .* but generate.writer"):
        choose_tuned("auto", trained[0].writer, str(other))


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_missing_file_is_one_error_that_names_it(trained, tmp_path, name):
    folder = damaged(trained[0].writer, tmp_path / "writer")
    (folder / name).unlink()
    with pytest.raises(ModelError, match=rf"no {name}"):
        choose_tuned("auto", folder, trained[0].config().generate.writer)


@pytest.mark.parametrize("text", ["[]", "{", '{"base_fingerprint": "x", "mode": "odd", "jobs": []}'])
def test_a_card_that_is_none_is_one_error(trained, tmp_path, text):
    folder = damaged(trained[0].writer, tmp_path / "writer")
    (folder / "card.json").write_text(text)
    with pytest.raises(ModelError, match="not a card"):
        choose_tuned("auto", folder, trained[0].config().generate.writer)


def test_weights_that_are_cut_short_or_no_number_are_one_error(trained, tmp_path):
    room, base = trained[0], trained[0].config().generate.writer
    folder = damaged(room.writer, tmp_path / "writer")
    path = folder / "adapter_model.safetensors"
    weights = load_file(path)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ModelError, match="cannot be read"):
        load_writer(base, tuned=folder)
    save_file({name: values * float("nan") for name, values in weights.items()}, path)
    with pytest.raises(ModelError, match="infinite or not a number"):
        load_writer(base, tuned=folder)


def test_the_latest_tenth_is_measured_and_nothing_from_the_day_on_is_read(trained):
    room, _ = trained
    until = date(2024, 5, 2)
    learn, check = read_pairs(room, ["headline"], until)
    assert (len(learn), len(check)) == (22, 2)  # hours 0 to 23 of the first of May
    titles = [article(row, number)["title"] for number, row in enumerate(make_news(24))]
    assert [pair.text for pair in [*learn, *check]] == titles


def test_nothing_to_learn_from_is_one_error(trained):
    with pytest.raises(CorpusError, match="found 0 pairs to learn from"):
        train_writer(trained[0], jobs=["headline"], until=date(2020, 1, 1))


def test_what_cannot_be_trained_is_refused_before_the_long_work(trained, tmp_path, encoder):
    room, _ = trained
    (tmp_path / "mine").mkdir()
    with pytest.raises(InputError, match=r"card\.json"):
        train_writer(room, out=tmp_path / "mine")
    with pytest.raises(InputError, match="found poem"):
        train_writer(room, jobs=["poem"])
    with pytest.raises(ConfigError, match="expected a model to train"):
        train_writer(make_newsroom(tmp_path / "none", encoder))


def test_of_several_headlines_the_clicked_one_is_wanted_and_the_others_are_not(trained, tmp_path):
    table = write_table(
        tmp_path / "clicks.tsv",
        OURS,
        ("U1", "N1", "The senate wins a vote", "1"),
        ("U1", "N1", "The vote of the senate", "0"),
        ("U2", "N2", "The rocket wins a planet", "1"),
        ("U2", "GONE", "The rocket of nobody", "1"),
    )
    told = []
    first, second = personal_pairs(trained[0], table, told.append)
    assert (first.text, first.others) == ("The senate wins a vote", ("The vote of the senate",))
    publishers = article(make_news(3)[2], 2)["title"]
    assert (second.text, second.others) == ("The rocket wins a planet", (publishers,))
    assert told == [f"{table}: 2 headlines that readers chose; 1 left out, of unknown articles"]
    assert train_writer(trained[0], jobs=["headline"], personal=table, out=tmp_path / "out").count("38 pairs") == 1


class Net(torch.nn.Module):
    """Writes one of two tokens; its only weight is the log-odds of the second."""

    config = T5Config()

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(0.0))

    def forward(self, labels, **_):
        return SimpleNamespace(logits=torch.stack([torch.zeros(2, 1), self.weight.expand(2, 1)], -1))


def test_the_loss_is_the_likelihood_of_what_is_wanted_and_the_odds_ratio_to_what_was_passed_over():
    net, labels = Net(), torch.tensor([[1], [0]])
    chances, known = token_chances(net, {"labels": labels})
    assert chances.tolist() == [[pytest.approx(-math.log(2))]] * 2 and known.all()
    loss = pair_loss(net, {"labels": labels, "lost": [(1, 0)]}, preference=1.0)
    assert float(loss) == pytest.approx(2 * math.log(2)), "-log(1/2) for the likelihood, and for equal odds"
    loss.backward()
    assert float(net.weight.grad) == pytest.approx(-0.5 - 1.0), "both push towards the second token"
    assert float(pair_loss(net, {"labels": labels, "lost": []}, preference=1.0)) == pytest.approx(math.log(2))
