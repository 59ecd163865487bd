import json

import pytest

from broadsheet.errors import ModelError
from broadsheet.models.trained_folder import CARD, FolderKind, read_card, stands, write_card
from broadsheet.tables.files import former_of

KIND = FolderKind("train towers")


@pytest.fixture
def folder(tmp_path):
    """A folder of weights and settings, one file in a folder of its own."""
    (tmp_path / "encoder").mkdir()
    for name in ("adapter.safetensors", "encoder/config.json"):
        (tmp_path / name).write_bytes(b"weights")
    write_card(tmp_path, {"mode": "lora"})
    return tmp_path


def read(folder):
    return read_card(folder, KIND, problem=lambda card: "", files=lambda card: ["adapter.safetensors"])


def test_a_folder_is_read_as_it_was_written_and_a_note_beside_it_does_not_matter(folder):
    assert read(folder)["mode"] == "lora"
    (folder / "README.md").write_text("our towers")
    (folder / "adapter.safetensors").touch()
    assert set(read(folder)["files"]) == {"adapter.safetensors", "encoder/config.json"}


@pytest.mark.parametrize("name", ["adapter.safetensors", "encoder/config.json"])
def test_a_changed_byte_of_any_file_is_an_error_that_names_the_file(folder, name):
    assert read(folder)
    (folder / name).write_bytes(b"weighty")
    with pytest.raises(ModelError, match=rf"{name} changed since the training: card\.json names another SHA-256"):
        read(folder)


def test_a_card_of_an_earlier_version_has_no_hashes_and_is_read(folder):
    (folder / CARD).write_text(json.dumps({"mode": "lora"}))
    (folder / "adapter.safetensors").write_bytes(b"others")
    assert read(folder) == {"mode": "lora"}


@pytest.mark.parametrize("text", ["[" * 100_000, "[]", "\0"])
def test_a_card_that_cannot_be_read_is_one_error(folder, text):
    (folder / CARD).write_text(text)
    with pytest.raises(ModelError, match="not a card that training wrote"):
        read(folder)


def test_a_folder_that_a_cut_short_switch_moved_aside_still_stands_and_what_to_do_is_said(folder):
    assert stands(folder)
    folder.rename(former_of(folder))
    assert stands(folder) and not stands(folder.with_name("other"))
    with pytest.raises(ModelError, match=r"was cut short. Rename .*-former to it"):
        read(folder)
