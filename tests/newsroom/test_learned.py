import json
import os
import shutil

import pytest

from broadsheet.errors import NewsroomError
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.learned import decided_until, last_decision, log_decision, promote, take_back


def folder(path, text):
    path.mkdir(parents=True)
    (path / "weights").write_text(text)
    return path


def trained(newsroom, name, text):
    """A model as a training puts it in place: a folder with the time in its name, and a link."""
    made = folder(newsroom.path / "models" / f"{name}-2026", text)
    (newsroom.path / "models" / name).symlink_to(made.name)
    return made


def read(newsroom, name):
    return (newsroom.path / "models" / name / "weights").read_text()


@pytest.fixture
def newsroom(tmp_path):
    return Newsroom(tmp_path / "newsroom")


def learns(newsroom, champions, **texts):
    """Promote challengers with these texts."""
    new = {name: folder(newsroom.path / "models" / ".learning" / name, text) for name, text in texts.items()}
    return promote(newsroom, champions, new)


def test_all_models_are_switched_by_one_link_and_one_command_takes_all_back(newsroom, tmp_path):
    champions = {"towers": trained(newsroom, "towers", "old"), "attention": folder(tmp_path / "package", "shipped")}
    learns(newsroom, champions, towers="new", attention="new")
    assert read(newsroom, "towers") == read(newsroom, "attention") == "new"
    links = {name: str((newsroom.path / "models" / name).readlink()) for name in champions}
    assert links == {"towers": "learned/towers", "attention": "learned/attention"}
    assert not champions["towers"].exists() and champions["attention"].is_dir()
    former, names = take_back(newsroom)
    assert names == ["towers", "attention"] and former.startswith("learned-20")
    assert read(newsroom, "towers") == "old" and read(newsroom, "attention") == "shipped"
    with pytest.raises(NewsroomError, match="nothing to take back: the models in use did not learn on"):
        take_back(newsroom)
    assert last_decision(newsroom)["undone"] == ["towers", "attention"]


def test_a_model_that_did_not_learn_stays_and_only_the_generation_before_is_kept(newsroom):
    champions = {"towers": trained(newsroom, "towers", "0"), "attention": trained(newsroom, "attention", "a")}
    for text in "123":
        in_use = {name: (newsroom.path / "models" / name).resolve() for name in champions}
        learns(newsroom, in_use, towers=text)
        assert read(newsroom, "towers") == text and read(newsroom, "attention") == "a"
    models = newsroom.path / "models"
    assert len([path for path in models.glob("learned-*")]) == 2
    take_back(newsroom)
    assert read(newsroom, "towers") == "2"
    with pytest.raises(NewsroomError, match=r"nothing to take back: learned-\S+, the models before, is gone, since"):
        take_back(newsroom)
    assert read(newsroom, "towers") == "2"


def test_a_model_that_was_trained_anew_is_not_taken_back_and_learns_on_from_there(newsroom):
    champions = {"towers": trained(newsroom, "towers", "0"), "attention": trained(newsroom, "attention", "0")}
    learns(newsroom, champions, towers="1", attention="1")
    anew = folder(newsroom.path / "models" / "towers-2027", "anew")
    (newsroom.path / "models" / "towers").unlink()
    (newsroom.path / "models" / "towers").symlink_to(anew.name)
    assert take_back(newsroom)[1] == ["attention"]
    assert read(newsroom, "towers") == "anew" and read(newsroom, "attention") == "0"
    in_use = {name: (newsroom.path / "models" / name).resolve() for name in champions}
    learns(newsroom, in_use, towers="2")
    assert read(newsroom, "towers") == "2" and read(newsroom, "attention") == "0"
    take_back(newsroom)
    assert read(newsroom, "towers") == "anew"


def test_a_model_that_is_switched_off_keeps_its_place(newsroom):
    champions = {"towers": trained(newsroom, "towers", "0"), "attention": trained(newsroom, "attention", "a")}
    learns(newsroom, champions, towers="1")
    learns(newsroom, {"attention": (newsroom.path / "models" / "attention").resolve()}, attention="b")
    assert read(newsroom, "towers") == "1" and read(newsroom, "attention") == "b"


def test_a_folder_that_was_put_there_by_hand_learns_on_too(newsroom):
    by_hand = folder(newsroom.path / "models" / "towers", "by hand")
    learns(newsroom, {"towers": by_hand}, towers="1")
    assert read(newsroom, "towers") == "1"
    take_back(newsroom)
    assert read(newsroom, "towers") == "by hand"


def test_without_anything_learned_there_is_nothing_to_take_back(newsroom):
    with pytest.raises(NewsroomError, match="there is nothing to take back: no model learned on yet"):
        take_back(newsroom)


@pytest.mark.parametrize("killed_at", range(1, 9))
def test_killed_at_any_moment_the_models_in_use_are_the_old_ones_or_the_new_ones(newsroom, monkeypatch, killed_at):
    champions = {"towers": trained(newsroom, "towers", "old"), "attention": trained(newsroom, "attention", "old")}
    calls = []

    def counting(call):
        def counted(*arguments, **options):
            calls.append(call)
            if len(calls) == killed_at:
                raise KeyboardInterrupt
            return call(*arguments, **options)

        return counted

    for name in ("replace", "rename", "link"):
        monkeypatch.setattr(os, name, counting(getattr(os, name)))
    try:
        learns(newsroom, champions, towers="new", attention="new")
    except KeyboardInterrupt:
        assert read(newsroom, "towers") == read(newsroom, "attention")
    monkeypatch.undo()
    shutil.rmtree(newsroom.path / "models" / ".learning")
    in_use = {name: (newsroom.path / "models" / name).resolve() for name in champions}
    learns(newsroom, in_use, towers="newer", attention="newer")
    assert read(newsroom, "towers") == read(newsroom, "attention") == "newer"
    take_back(newsroom)
    assert read(newsroom, "towers") == read(newsroom, "attention") in ("old", "new")


def test_a_line_of_the_log_that_was_cut_short_hides_no_other(newsroom):
    assert last_decision(newsroom) is None and decided_until(newsroom) is None
    log_decision(newsroom, {"promoted": ["towers"], "until": "2026-01-02"})
    log = newsroom.path / "models" / "learning.jsonl"
    log.write_bytes(log.read_bytes() + b'{"promoted": ["atten')
    assert last_decision(newsroom)["promoted"] == ["towers"]
    log_decision(newsroom, {"undone": ["towers"]})
    lines = log.read_text().splitlines()
    assert len(lines) == 3 and json.loads(lines[2])["undone"] == ["towers"]
    assert last_decision(newsroom)["undone"] == ["towers"] and decided_until(newsroom) == "2026-01-02"
