import json
import shutil
from datetime import timedelta

import numpy as np
import pytest
from safetensors.numpy import load_file

from broadsheet.corpus.impressions import read_impressions
from broadsheet.errors import CorpusError, InputError, ModelError, NewsroomError
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.offline.workbenches import prepare_vectors
from broadsheet.pipeline import Pipeline
from broadsheet.retrieval.towers.trained import MODES, load_trained_news_tower, load_user_tower
from broadsheet.retrieval.training.examples import ClickExample
from broadsheet.tables.arrow_files import empty, read_table, write_table
from broadsheet.tables.schemas import CANDIDATES, IMPRESSIONS
from broadsheet.training.tower_examples import log_popularity, read_items
from broadsheet.training.towers import train_towers
from broadsheet.workbench.models import EditionModels
from broadsheet.workbench.workbench import open_workbench
from tests.support.tiny import START, make_encoder, make_impressions, make_newsroom
from tests.training.test_reranker import interrupt_at_a_checkpoint

QUICK = "[towers]\nepochs = 2\nnext_clicks = 1\nbatch_size = 16\nanchor = 0.1\n"
NEVER = {"time": START, "propensity": None}
ODD = {
    "unread": {"user_id": "U", "history": [], "shown": ["N1", "N2"], "clicked": [True, False]},
    "unshown": {"user_id": "U", "history": ["N0", "N3"], "shown": ["N1", "N2"], "clicked": [True, True]},
    "unclicked": {"user_id": "U", "history": ["N0"], "shown": ["N1", "N2"], "clicked": [False, False]},
}


@pytest.fixture(scope="module")
def start(encoder, tmp_path_factory):
    """A newsroom with splits and vectors, and nothing trained."""
    room = make_newsroom(tmp_path_factory.mktemp("start") / "newsroom", encoder, extra=QUICK)
    with Import(room) as add:
        add.impressions("train", make_impressions(48))
        add.impressions("valid", make_impressions(60)[48:])
        for split, row in ODD.items():
            add.impressions(split, [{**NEVER, "impression_id": str(n), **row} for n in range(20)])
    write_table(room.impressions("nothing"), empty(IMPRESSIONS), IMPRESSIONS)
    prepare_vectors(room)
    return room


def copy_of(room, folder):
    return Newsroom(shutil.copytree(room.path, folder / "newsroom"))


@pytest.fixture
def room(start, tmp_path):
    return copy_of(start, tmp_path)


@pytest.fixture(scope="module")
def trained(start, tmp_path_factory):
    """A newsroom trained in each mode, and what training said."""
    found = {}
    for mode in MODES:
        room = copy_of(start, tmp_path_factory.mktemp(mode))
        found[mode] = room, train_towers(room, train="train", valid="valid", mode=mode)
    return found


def weights(folder):
    return {str(path.relative_to(folder)): load_file(path) for path in sorted(folder.rglob("*.safetensors"))}


def check_equal(found, expected):
    assert set(found) == set(expected)
    for name, tensors in expected.items():
        assert set(found[name]) == set(tensors)
        assert all(np.array_equal(found[name][key], tensors[key]) for key in tensors), name


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_trains_and_its_build_and_pipeline_use_it(trained, mode, tmp_path):
    room, summary = trained[mode]
    assert summary.startswith(
        f"{room.towers}: {mode}, trained on 48 clicks and 48 histories of train; on 12 impressions"
    )
    card = json.loads((room.towers / "card.json").read_text())
    assert card["mode"] == mode and card["valid"]["split"] == "valid" and "auc" in card["valid"]
    assert card["valid_ndcg@10_by_epoch"].keys() == {"0.0", "1.0", "2.0"}
    assert set(room.towers.parent.iterdir()) == {room.towers, room.towers.resolve()}, "nothing else is left"
    room = copy_of(room, tmp_path)
    edition = build(room, "all")
    bench = open_workbench(EditionModels(room, room.config()), edition, START + timedelta(hours=60))
    assert bench.models.towers == room.towers.resolve()
    tower = load_user_tower(room.towers, bench.models.config.retrieval.encoder, 32, history=50)
    user = tower.encode([bench.data.catalogue.vectors_of([0, 3, 6])])[0]
    fan = [row for row in read_table(edition.candidates, CANDIDATES).to_pylist() if row["user_id"] == "fan"]
    rows = [bench.data.catalogue.row_of[row["news_id"]] for row in fan]
    nearest = (bench.data.catalogue.vectors_of(rows) @ user.T).max(1)
    assert [row["two_tower"] for row in fan] == pytest.approx(nearest.tolist(), abs=1e-5)
    assert Pipeline.open(room.path).run("fan").stories


def test_what_learned_is_not_what_it_was(trained, start, encoder):
    """The towers' vectors differ from the untrained ones', the articles' where the news tower learned."""
    base = load_trained_news_tower(None, str(encoder), max_tokens=96)
    history = [base(["football match", "election", "space"])]
    for mode, (room, _) in trained.items():
        untrained = load_user_tower(None, str(encoder), 32, history=50).encode(history)
        assert not np.allclose(load_user_tower(room.towers, str(encoder), 32, history=50).encode(history), untrained)
        tower = load_trained_news_tower(room.towers, str(encoder), max_tokens=96)
        assert np.array_equal(tower(["football"]), base(["football"])) == (mode == "frozen")


def test_a_frozen_training_keeps_the_news_tower_in_use_and_its_licence(trained, tmp_path):
    room = copy_of(trained["lora"][0], tmp_path)
    before, card = weights(room.towers), json.loads((room.towers / "card.json").read_text())
    (room.towers / "card.json").write_text(json.dumps({**card, "licence": "research only"}))
    build(room, "all")
    train_towers(room, train="train", valid="valid", mode="frozen")
    after, learned = weights(room.towers), json.loads((room.towers / "card.json").read_text())
    check_equal({"adapter": after["adapter_model.safetensors"]}, {"adapter": before["adapter_model.safetensors"]})
    name = "user_tower.safetensors"
    assert any(not np.array_equal(value, before[name][key]) for key, value in after[name].items())
    assert (learned["mode"], learned["licence"]) == ("lora", "research only")
    assert Pipeline.open(room.path).run("fan").stories, "no vector changed, so no build is asked for"


def test_a_frozen_training_mends_towers_that_cannot_be_used(trained, tmp_path):
    room = copy_of(trained["lora"][0], tmp_path)
    (room.towers / "card.json").write_text("{")
    said = []
    train_towers(room, train="train", valid="valid", mode="frozen", say=said.append)
    check_equal(weights(room.towers), weights(trained["frozen"][0].towers))
    assert any("because the towers in use cannot be used" in line and "card.json" in line for line in said)


def test_the_same_training_again_gives_the_same_weights_and_another_seed_others(room, trained):
    train_towers(room, train="train", valid="valid", mode="lora", out=room.path / "same")
    check_equal(weights(room.path / "same"), weights(trained["lora"][0].towers))
    assert not room.towers.exists(), "they were put elsewhere"
    train_towers(room, train="train", valid="valid", seed=1)
    (name,) = weights(room.towers)
    other = weights(trained["frozen"][0].towers)[name]
    assert any(not np.array_equal(value, other[key]) for key, value in weights(room.towers)[name].items())


@pytest.mark.parametrize("mode", ["frozen", "lora"])
def test_an_interrupted_training_goes_on_and_ends_with_the_same_weights(room, trained, mode):
    thread = interrupt_at_a_checkpoint(room, 1)
    with pytest.raises(KeyboardInterrupt):
        train_towers(room, train="train", valid="valid", mode=mode)
    thread.join()
    assert not room.towers.exists(), "half-trained towers are never used"
    assert any(room.towers.parent.glob(".*/checkpoints/checkpoint-*"))
    train_towers(room, train="train", valid="valid", mode=mode)
    check_equal(weights(room.towers), weights(trained[mode][0].towers))
    assert set(room.towers.parent.iterdir()) == {room.towers, room.towers.resolve()}


def test_a_click_that_comes_later_changes_nothing_that_is_learned(room):
    def learned():
        bench = prepare_vectors(room)
        items = read_items(
            bench.data,
            bench.models,
            bench.search,
            read_impressions(bench.data.newsroom, bench.data.catalogue, "train"),
            "train",
        )
        return items, log_popularity(items, len(bench.data.catalogue)).tolist()

    before = learned()
    later = {"user_id": "U0", "news_id": "N58", "event": "click", "dwell_seconds": None}
    with Import(room) as add:
        add.clicks([{**later, "time": START + timedelta(hours=59)}])
        last = {**make_impressions(1)[0], "impression_id": "later", "time": START + timedelta(hours=59)}
        add.impressions(
            "valid", [*make_impressions(60)[48:], {**last, "shown": ["N58", "N1"], "clicked": [True, False]}]
        )
    assert learned() == before


def test_the_clicked_article_and_those_after_it_are_not_in_its_history(room):
    bench = prepare_vectors(room)
    for item in read_items(
        bench.data,
        bench.models,
        bench.search,
        read_impressions(bench.data.newsroom, bench.data.catalogue, "train"),
        "train",
    ):
        if isinstance(item, ClickExample):
            assert item.clicked not in item.history and not set(item.others) & set(item.shown)


@pytest.mark.parametrize(
    ("train", "valid", "message"),
    [
        ("nothing", "valid", "split 'nothing': no impressions"),
        ("train", "nothing", "split 'nothing': no impression shows both"),
        ("unread", "valid", "split 'unread': no click by a reader with a history"),
        ("train", "unread", "split 'unread': no impression by a reader with a history"),
        ("unclicked", "valid", "split 'unclicked': no click by a reader with a history"),
        ("train", "unshown", "split 'unshown': no impression shows both a clicked article and another"),
        ("absent", "valid", r"impressions-absent.arrow: no such split\. Import it"),
    ],
)
def test_splits_that_nothing_can_be_learned_from_are_one_clear_error(room, train, valid, message):
    with pytest.raises(CorpusError, match=message):
        train_towers(room, train=train, valid=valid)
    assert not room.towers.exists()


def test_without_shown_negatives_the_batch_is_learned_from(room):
    assert "40 clicks and 1 histories of unshown" in train_towers(room, train="unshown", valid="valid")


def test_towers_of_another_encoder_are_one_clear_error(trained, tmp_path):
    room = copy_of(trained["frozen"][0], tmp_path)
    other = str(make_encoder(tmp_path / "other", seed=7))
    room.config_file.write_text(f'clock = "latest"\n[retrieval]\nencoder = "{other}"\n[generate]\nwriter = ""\n')
    with pytest.raises(ModelError, match=r"trained on base model .* Train it again with `broadsheet train towers`"):
        build(room, "all")
    room.config_file.write_text(room.config_file.read_text() + QUICK)
    assert "frozen" in train_towers(room, train="train", valid="valid"), "training again is the way out"


def test_another_mode_or_one_split_alone_is_one_clear_error(room):
    with pytest.raises(InputError, match="mode: found 'half', expected one of frozen, lora, last-n, full"):
        train_towers(room, train="train", valid="valid", mode="half")
    with pytest.raises(InputError, match="train and valid: found only one split, expected both"):
        train_towers(room, train="train")


def test_no_two_trainings_at_once(room):
    with room.lock(), pytest.raises(NewsroomError, match="another build, import or training is at work here"):
        train_towers(room, train="train", valid="valid")
