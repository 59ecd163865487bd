"""One flipped bit in any file that a newsroom trusts: the page stays as it is, or an error names the file."""

import random

from broadsheet.errors import BroadsheetError
from broadsheet.live.articles import withdraw_articles
from broadsheet.nightly.build import build
from broadsheet.pipeline import Pipeline
from broadsheet.readers.mutes import mute
from broadsheet.readers.profiles import set_profile
from tests.support.forks import start_forks
from tests.support.late_articles import ids, row

FLIPS = 2
"""Flips a file, at drawn places."""


def page(room):
    return Pipeline.open(room.path).run("fan", 12).stories.to_pylist()


def outcome(room, path, before):
    """Return what a flip in a file came to: 'same' or 'named' if all is well, else what went wrong."""
    try:
        return "same" if page(room) == before else "another page"
    except BroadsheetError as error:
        return "named" if path.name in str(error) else f"not named: {error}"
    except Exception as error:  # what users would see as a traceback
        return f"{type(error).__name__}: {error}"


def flip_all(room, places, before, told):
    for path, place, bit in places:
        whole = path.read_bytes()
        told.send((path.name, place, "began"))
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
        told.send((path.name, place, outcome(room, path, before)))
        path.write_bytes(whole)
    told.send(None)


def drawn(path, rng):
    size = path.stat().st_size
    return [(path, rng.randrange(size), rng.randrange(8)) for _ in range(FLIPS if size > 9 else min(size, 1))]


def test_a_flipped_bit_in_any_trusted_file_is_without_effect_or_named_and_kills_nothing(room, opened):
    opened.add([row("X1")])
    opened.withdraw(["N18"])
    build(room, ["fan"])
    withdraw_articles(room, ["N21"], dict)
    opened.add([row("X2")])
    mute(room, "fan", sources=["Paper 3"])
    set_profile(room, "asker", "ocean energy")
    before, rng = page(room), random.Random(0)
    assert {"X1", "X2"} <= {story["news_id"] for story in before} and len(before) == 12
    edition = room.current()
    paths = [*room.path.glob("corpus/*.arrow"), *edition.path.iterdir(), *room.live.glob("*.arrow")]
    paths += [*room.path.glob("readers/*.arrow"), *room.notes.iterdir()]
    names = {path.name for path in paths}
    assert {"withdrawn.arrow", "mutes.arrow", "profiles.arrow", "manifest.json", "index.faiss"} <= names
    forks = start_forks()
    told, tell = forks.Pipe(duplex=False)
    places = [place for path in sorted(paths) for place in drawn(path, rng)]
    child = forks.Process(target=flip_all, args=(room, places, before, tell))
    child.start()
    tell.close()
    found, last = [], ("", 0, "")
    while last is not None:
        assert told.poll(60), f"no word since {last}"
        try:
            last = told.recv()
        except EOFError:
            raise AssertionError(f"the process died at {last}, exit code {child.exitcode}") from None
        found += [last] if last and last[2] != "began" else []
    child.join()
    assert [one for one in found if one[2] not in ("same", "named")] == []
    assert len(found) == len(places) and sum(one[2] == "named" for one in found) > len(found) // 2
    assert ids(Pipeline.open(room.path).run("fan", 12)) == [story["news_id"] for story in before]
