import os
import shutil

import pytest

from broadsheet.errors import InputError, NewsroomError
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.newsroom.manifest import write_manifest
from broadsheet.nightly.verify import verify_edition
from broadsheet.operations.editions import prune, publish_edition, rollback
from broadsheet.tables.arrow_files import from_rows, write_table
from broadsheet.tables.schemas import INDEX
from tests.support.killing import kill_at


@pytest.fixture
def newsroom(tmp_path):
    return Newsroom(tmp_path / "newsroom")


def make(newsroom, *, published=True):
    edition = newsroom.start_edition()
    write_table(edition.index_rows, from_rows([{"news_id": "N1"}], INDEX), INDEX)
    edition = newsroom.complete({} if published else {"published": False})
    if published:
        newsroom.point_to(edition)
    return edition


def test_the_newest_editions_stay(newsroom):
    editions = [make(newsroom) for _ in range(4)]
    assert prune(newsroom, 2) == [f"removed {edition.name} (published)" for edition in editions[:2]]
    assert newsroom.editions() == editions[2:] and newsroom.current() == editions[3]
    assert sorted(path.name for path in newsroom.editions_folder.iterdir()) == [one.name for one in editions[2:]]
    assert prune(newsroom, 2) == []


def test_the_current_edition_stays_however_old_and_what_goes_though_newer_is_said(newsroom):
    first, second, third, fourth = (make(newsroom) for _ in range(4))
    newsroom.point_to(second)
    assert prune(newsroom, 1) == [
        f"removed {first.name} (published)",
        f"removed {third.name} (published, newer than the current one)",
    ]
    assert newsroom.editions() == [second, fourth] and newsroom.current() == second


def test_editions_kept_back_do_not_take_the_places_of_published_ones(newsroom):
    published = [make(newsroom) for _ in range(3)]
    kept = [make(newsroom, published=False) for _ in range(3)]
    assert prune(newsroom, 2) == [
        f"removed {published[0].name} (published)",
        f"removed {kept[0].name} (kept back, newer than the current one)",
    ]
    assert newsroom.editions() == [*published[1:], *kept[1:]]


def test_an_edition_that_was_kept_back_goes_once_the_published_editions_that_stay_are_newer(newsroom):
    make(newsroom)
    kept = make(newsroom, published=False)
    second = make(newsroom)
    newer = make(newsroom, published=False)
    assert [line.split()[1] for line in prune(newsroom, 2)] == []
    third = make(newsroom)
    prune(newsroom, 2)
    assert newsroom.editions() == [second, newer, third] and not kept.path.exists()


def test_what_killed_builds_left_goes_but_not_what_the_next_one_takes_over(newsroom):
    make(newsroom)
    left = newsroom.start_edition().path
    for name in ("news_vectors.arrow", "news_vectors.parts/000000.arrow", "stories.parts/00000.arrow"):
        (left / name).parent.mkdir(exist_ok=True)
        (left / name).write_text("kept")
    for name in ("ranked.arrow", ".ranked.arrow.12.part", "other.parts/1.arrow"):
        (left / name).parent.mkdir(exist_ok=True)
        (left / name).write_text("gone")
    (newsroom.path / ".current.12").symlink_to("editions/nothing")
    (newsroom.editions_folder / ".removed-2020").mkdir()
    newsroom.news.parent.mkdir()
    (newsroom.news.parent / ".news.arrow.12.part").write_text("gone")
    newsroom.profiles.parent.mkdir()
    (newsroom.profiles.parent / ".profiles.arrow.0123456789abcdef.part").write_text("a reader's words")
    prune(newsroom, 1)
    found = sorted(path.relative_to(newsroom.path).as_posix() for path in newsroom.path.rglob("*") if not path.is_dir())
    name = newsroom.current().name
    assert found == [
        ".lock",
        f"editions/{name}/index.arrow",
        f"editions/{name}/manifest.json",
        "editions/building/news_vectors.arrow",
        "editions/building/news_vectors.parts/000000.arrow",
        "editions/building/stories.parts/00000.arrow",
        "readers/.lock",
    ]
    assert newsroom.current_link.is_symlink()


def test_nothing_is_removed_where_no_edition_is_current_or_none_would_stay(newsroom):
    kept = make(newsroom, published=False)
    with pytest.raises(NewsroomError, match="no edition is published"):
        prune(newsroom, 1)
    make(newsroom)
    with pytest.raises(InputError, match=r"^keep: found 0, expected 1 or more"):
        prune(newsroom, 0)
    assert kept in newsroom.editions()


def test_a_pruning_killed_at_any_change_leaves_each_edition_whole_or_gone_and_the_next_one_ends_well(newsroom):
    newest = [make(newsroom) for _ in range(3)][-1]
    number, survived = 0, False
    while not survived:
        number += 1
        child = os.fork()
        if not child:
            kill_at(number, ("os.rename", "os.remove", "os.rmdir", "os.unlink", "shutil.rmtree"))
            prune(newsroom, 1)
            os._exit(0)
        survived = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert newsroom.current() == newest
        for folder in newsroom.editions_folder.glob("[0-9]*"):
            assert sorted(path.name for path in folder.iterdir()) == ["index.arrow", "manifest.json"]
    assert number > 4 and newsroom.editions() == [newest]
    assert [path.name for path in newsroom.editions_folder.iterdir()] == [newest.name]


def older(newsroom, name, **changes):
    """A copy of the current edition under an older name, with changes of its manifest."""
    edition = Edition(shutil.copytree(newsroom.current().path, newsroom.editions_folder / name))
    write_manifest(edition.manifest, edition.read_manifest() | changes)
    return edition


def test_rollback_goes_one_edition_back_at_a_time(copy):
    first, second = older(copy, "2001"), older(copy, "2002")
    assert rollback(copy) == second == copy.current()
    assert rollback(copy) == first == copy.current()
    with pytest.raises(NewsroomError, match="no sound edition before 2001 to go back to"):
        rollback(copy)
    assert copy.current() == first


def test_rollback_passes_over_editions_that_were_kept_back_or_that_verify_refuses_and_says_so(copy):
    good = older(copy, "2001")
    older(copy, "2002", published=False)
    older(copy, "2003").manifest.write_text("{")
    flipped = older(copy, "2004")
    content = bytearray(flipped.news.read_bytes())
    content[len(content) // 2] ^= 1
    flipped.news.write_bytes(content)
    assert verify_edition(flipped) != []
    said = []
    assert rollback(copy, said.append) == good == copy.current()
    assert [line.partition(":")[0] for line in said] == [f"passed over 200{number}" for number in (4, 3, 2)]
    assert "news.arrow: SHA-256 is" in said[0] and "the gate kept it back" in said[2]


def test_a_publication_killed_at_any_change_leaves_a_current_edition_that_says_it_is_published(copy):
    kept, before = older(copy, "2001", published=False), copy.current()
    whole, number, survived = kept.manifest.read_bytes(), 0, False
    while not survived:
        number += 1
        copy.point_to(before)
        kept.manifest.write_bytes(whole)
        child = os.fork()
        if not child:
            kill_at(number, ("os.rename", "os.symlink", "os.remove"))
            publish_edition(copy, kept.name)
            os._exit(0)
        survived = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert copy.current() in (before, kept) and copy.current().is_published()
        assert verify_edition(copy.current()) == []
    assert copy.current() == kept and number > 3
