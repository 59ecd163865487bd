import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from broadsheet.errors import NewsroomError
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.manifest import manifest_problem, write_manifest
from broadsheet.tables.arrow_files import from_rows, read_table, write_table
from broadsheet.tables.files import file_sha256, remove_folder, write_json
from broadsheet.tables.schemas import INDEX
from tests.support.killing import kill_at


@pytest.fixture
def newsroom(tmp_path):
    return Newsroom(tmp_path / "newsroom")


def publish(newsroom, news_id):
    edition = newsroom.start_edition()
    write_table(edition.index_rows, from_rows([{"news_id": news_id}], INDEX), INDEX)
    edition = newsroom.complete({"made_for": news_id})
    newsroom.point_to(edition)
    return edition


def shown(newsroom):
    """What a reader finds in the current edition."""
    return read_table(newsroom.current().index_rows, INDEX)["news_id"].to_pylist()


def test_a_published_edition_is_current_and_its_manifest_holds_the_hashes(newsroom):
    edition = publish(newsroom, "N1")
    assert newsroom.current() == edition and shown(newsroom) == ["N1"]
    manifest = edition.read_manifest()
    assert manifest["made_for"] == "N1" and manifest["files"] == {"index.arrow": file_sha256(edition.index_rows)}
    assert manifest_problem(edition.manifest, manifest) == ""
    assert newsroom.current_link.readlink() == Path("editions") / edition.name
    assert not newsroom.building.path.exists()


def test_a_newsroom_can_be_moved(newsroom, tmp_path):
    publish(newsroom, "N1")
    newsroom.path.rename(tmp_path / "elsewhere")
    assert shown(Newsroom(tmp_path / "elsewhere")) == ["N1"]


def test_a_reader_keeps_its_edition_when_another_is_published(newsroom):
    mine = publish(newsroom, "N1")
    opened = newsroom.current()
    publish(newsroom, "N2")
    assert opened == mine and read_table(opened.index_rows, INDEX)["news_id"].to_pylist() == ["N1"]
    assert shown(newsroom) == ["N2"]


def test_a_publication_that_fails_before_the_link_leaves_the_old_edition_current(newsroom, monkeypatch):
    publish(newsroom, "N1")
    monkeypatch.setattr("secrets.token_hex", lambda _: "taken")
    (newsroom.path / ".current.taken").mkdir()
    with pytest.raises(OSError):
        publish(newsroom, "N2")
    assert shown(newsroom) == ["N1"]
    (newsroom.path / ".current.taken").rmdir()
    monkeypatch.undo()
    publish(newsroom, "N3")
    assert shown(newsroom) == ["N3"]


def test_a_build_killed_at_any_operation_leaves_a_whole_edition_and_the_next_build_ends_well(newsroom):
    publish(newsroom, "N0")
    survived, number = False, 0
    while not survived:
        number += 1
        before = shown(newsroom)
        child = os.fork()
        if not child:
            kill_at(number, ("open", "os.rename", "os.symlink", "os.remove", "os.mkdir"))
            publish(newsroom, f"N{number}")
            os._exit(0)
        survived = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert shown(newsroom) in (before, [f"N{number}"])
        assert newsroom.current().read_manifest()["files"] == {
            "index.arrow": file_sha256(newsroom.current().index_rows)
        }
    assert number > 10
    assert shown(newsroom) == [f"N{number}"]


def test_what_a_killed_build_left_is_taken_over_without_its_manifest(newsroom):
    edition = newsroom.start_edition()
    write_table(edition.index_rows, from_rows([{"news_id": "N1"}], INDEX), INDEX)
    write_json(edition.manifest, {"made_for": "nobody"})
    again = newsroom.start_edition()
    assert again.index_rows.is_file() and not again.manifest.exists()
    assert newsroom.editions() == []


@pytest.mark.parametrize("whole", [True, False])
def test_a_copy_in_the_place_of_the_link_is_read_and_the_next_publication_mends_it(newsroom, tmp_path, caplog, whole):
    first = publish(newsroom, "N1")
    copied = Newsroom(shutil.copytree(newsroom.path, tmp_path / "copied"))  # follows the link, as cp -rL and rsync -L
    assert copied.current_link.is_dir() and not copied.current_link.is_symlink()
    if whole:
        assert copied.current().name == first.name and shown(copied) == ["N1"]
        assert "a copy of edition" in caplog.text and "expected a link" in caplog.text
    else:
        shutil.rmtree(copied.editions_folder / first.name)
        with pytest.raises(NewsroomError, match=r"found no link, and the copy of no edition in .*`broadsheet build"):
            copied.current()
    publish(copied, "N2")
    assert copied.current_link.is_symlink() and shown(copied) == ["N2"]
    assert [path.name for path in copied.editions_folder.iterdir() if path.name.startswith(".")] == []


def test_a_newsroom_is_absolute_so_that_a_later_change_of_the_folder_loses_nothing(newsroom, tmp_path, monkeypatch):
    publish(newsroom, "N1")
    monkeypatch.chdir(tmp_path)
    relative = Newsroom(Path("newsroom"))
    monkeypatch.chdir("/")
    assert relative == newsroom and shown(relative) == ["N1"]


def test_any_changed_byte_of_a_manifest_shows(tmp_path):
    path = tmp_path / "manifest.json"
    write_manifest(path, {"title": 'Über "sha256": ""', "files": {}})
    whole = path.read_bytes()
    document = json.loads(whole)
    assert document["title"] == 'Über "sha256": ""' and manifest_problem(path, document) == ""
    write_manifest(path, document)
    assert path.read_bytes() == whole
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            found = json.loads(path.read_bytes())
        except ValueError:
            continue
        assert "manifest.json: SHA-256 is " in manifest_problem(path, found), place


def test_a_newsroom_without_articles_or_editions_says_what_to_do(newsroom):
    with pytest.raises(NewsroomError, match="broadsheet import demo"):
        newsroom.require()
    with pytest.raises(NewsroomError, match="Run `broadsheet build"):
        newsroom.current()


def test_a_current_edition_that_was_removed_is_named(newsroom):
    edition = publish(newsroom, "N1")
    remove_folder(edition.path)
    with pytest.raises(NewsroomError, match=f"{edition.name}: the current edition is gone"):
        newsroom.current()


def test_an_unreadable_manifest_is_named(newsroom):
    edition = publish(newsroom, "N1")
    edition.manifest.write_text("{")
    with pytest.raises(NewsroomError, match=r"manifest\.json: no readable manifest"):
        edition.read_manifest()


def test_an_edition_from_the_future_stops_a_publication(newsroom):
    write_json(newsroom.editions_folder / "9999-01-01T00-00-00.000000Z" / "manifest.json", {})
    with pytest.raises(NewsroomError, match="future of this machine's clock"):
        publish(newsroom, "N1")


def test_a_clock_that_was_set_back_is_told_before_the_work(newsroom):
    write_json(newsroom.editions_folder / "9999-01-01T00-00-00.000000Z" / "manifest.json", {})
    with pytest.raises(NewsroomError, match="future of this machine's clock"):
        newsroom.start_edition()
    assert not newsroom.building.path.exists()


@pytest.mark.parametrize("split", ["", "../users", "a/b", "a.b", "день", "a\0", "a" * 101])
def test_a_split_that_is_not_a_plain_name_is_refused(newsroom, split):
    with pytest.raises(NewsroomError, match="expected 1 to 100 letters, digits"):
        newsroom.impressions(split)
    assert newsroom.impressions("valid-2").name == "impressions-valid-2.arrow"


def test_a_second_holder_of_the_lock_is_refused_until_the_first_lets_go(newsroom):
    with newsroom.lock():
        with pytest.raises(NewsroomError, match="another build, import or training"), newsroom.lock():
            pytest.fail("two held the lock")
    with newsroom.lock():
        pass


def test_a_failure_inside_the_lock_lets_go_of_it(newsroom):
    with pytest.raises(RuntimeError), newsroom.lock():
        raise RuntimeError
    with newsroom.lock():
        pass


HOLDER = """
import sys, time
from pathlib import Path
from broadsheet.newsroom.manifest import manifest_problem, write_manifest
from broadsheet.newsroom import Newsroom
with Newsroom(Path(sys.argv[1])).lock():
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_lock_of_another_process_holds_and_is_freed_when_it_is_killed(newsroom):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(newsroom.path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(NewsroomError, match="another build"), newsroom.lock():
            pytest.fail("two held the lock")
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with newsroom.lock():
        pass


def test_json_is_written_whole_or_not_at_all(tmp_path):
    write_json(tmp_path / "a.json", {"title": "Über"})
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", {"title": object()})
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == {"title": "Über"}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
