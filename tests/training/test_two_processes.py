import json
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file

from broadsheet.importers.transaction import Import
from tests.support.tiny import make_impressions, make_newsroom
from tests.support.two_processes import run_two

RECIPE = "[towers]\nepochs = 1\nbatch_size = 8\n"


@pytest.fixture
def room(encoder, tmp_path):
    room = make_newsroom(tmp_path / "newsroom", encoder, extra=RECIPE)
    with Import(room) as add:
        add.impressions("train", make_impressions(48))
        add.impressions("valid", make_impressions(60)[48:])
    return room


def train(*words):
    from broadsheet.cli.app import main

    sys.argv = ["broadsheet", "train", "towers", *words]
    main()


def test_two_processes_train_one_newsrooms_towers(room, tmp_path):
    splits = ["--train", "train", "--valid", "valid"]
    printed = run_two(train, str(room.path), *splits, "--mode", "lora", output=tmp_path)
    card = json.loads((room.towers / "card.json").read_text())
    assert card["mode"] == "lora" and list(card["valid_ndcg@10_by_epoch"]) == ["0.0", "1.0"]
    assert set(room.towers.parent.iterdir()) == {room.towers, room.towers.resolve()}, "one of them wrote it"
    weights = load_file(room.towers / "user_tower.safetensors")
    assert all(np.isfinite(value).all() for value in weights.values())
    assert "trained on 48 clicks" in printed[0]
