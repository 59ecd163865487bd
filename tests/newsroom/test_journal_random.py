"""Random additions, withdrawals, updates, imports and nights, some of them killed, against a plain dictionary."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.errors import CorpusError
from broadsheet.importers.absorb_journal import absorb
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.journal import CARRIED, Journal, carried_by, read_withdrawn
from broadsheet.nightly.verify import verify_journal
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.files import remove_folder
from broadsheet.tables.schemas import NEWS
from tests.newsroom.test_journal import articles, withdrawn
from tests.support.killing import kill_at

NAMES = st.sampled_from("abcxyz")
KILL_AT = st.one_of(st.none(), st.integers(1, 12))
CALLS = st.one_of(
    st.tuples(st.just("add"), st.lists(NAMES, min_size=1, max_size=3, unique=True)),
    st.tuples(st.just("withdraw"), st.lists(NAMES, min_size=1, max_size=2, unique=True)),
    st.tuples(st.just("import"), st.lists(NAMES, min_size=1, max_size=3, unique=True)),
    st.tuples(st.just("night"), KILL_AT),
)


def night(room):
    """What a build does to the files that matter here: the journal enters, an edition is published, old ones go."""
    absorb(room)
    edition = room.start_edition()
    edition.news.unlink(missing_ok=True)
    shutil.copyfile(room.news, edition.news)
    room.point_to(room.complete({CARRIED: carried_by(edition.news)}))
    for old in room.editions()[:-2]:
        remove_folder(old.path)
    Journal(room).remove_carried()


def killed_night(room, number):
    """A night in a process that dies before its operation on files of that number."""
    child = os.fork()
    if not child:
        kill_at(number, ("os.rename", "os.symlink", "os.remove", "os.mkdir"))
        night(room)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) in (0, -signal.SIGKILL)


def titles(news):
    rows = read_table(news, NEWS).select(["news_id", "title"]).to_pylist()
    found = {row["news_id"]: row["title"] for row in rows}
    assert len(found) == len(rows)  # nothing twice
    return found


def visible(room, edition):
    """What a pipeline on an edition shows: its articles, and the entries that it does not hold."""
    _, changes = Journal(room).changes(lambda table, _: table, after=edition.read_manifest()[CARRIED])
    late = [] if changes.added is None else changes.added.select(["news_id", "title"]).to_pylist()
    shown = titles(edition.news) | {row["news_id"]: row["title"] for row in late}
    return {news_id: title for news_id, title in shown.items() if news_id not in changes.withdrawn}


class Model:
    """The newsroom as a dictionary: what the next edition will hold, and what each edition shows."""

    def __init__(self, titles):
        self.next, self.withdrawn, self.shown = dict(titles), set(), {}

    def call(self, kind, news_ids, title):
        worlds = [self.next] if kind == "import" else [self.next, *self.shown.values()]
        for news_id in news_ids:
            if kind == "import" and news_id in self.withdrawn:
                continue
            for world in worlds:
                world.pop(news_id, None)
                world |= {} if kind == "withdraw" else {news_id: title}
            if kind == "add":
                self.withdrawn.discard(news_id)
            elif kind == "withdraw":
                self.withdrawn.add(news_id)


def call(room, kind, news_ids, title):
    if kind == "add":
        Journal(room).add(articles(*news_ids, title=title), "m1")
    elif kind == "withdraw":
        Journal(room).withdraw(withdrawn(*news_ids))
    else:
        try:
            with Import(room) as add:
                add.news([{"news_id": news_id, "title": title} for news_id in news_ids])
        except CorpusError as error:
            assert "withdrawn" in str(error)


def check(room, model):
    for edition in room.editions():
        if edition.name not in model.shown:  # a night that was killed after its publication
            model.shown[edition.name] = dict(model.next)
    model.shown = {edition.name: model.shown[edition.name] for edition in room.editions()}
    for edition in room.editions():
        assert visible(room, edition) == model.shown[edition.name]
    assert verify_journal(room) == []


@settings(max_examples=25, deadline=None)
@given(st.lists(CALLS, max_size=12))
def test_every_acknowledged_call_counts_once_whatever_is_killed(calls):
    with tempfile.TemporaryDirectory() as folder:
        room, model = Newsroom(Path(folder) / "room"), Model(dict.fromkeys("abc", "At first"))
        with Import(room) as add:
            add.news([{"news_id": news_id, "title": "At first"} for news_id in "abc"])
        for number, (kind, detail) in enumerate([*calls, ("night", None)]):
            if kind == "night":
                killed_night(room, detail) if detail else night(room)
            else:
                call(room, kind, detail, f"Title {number}")
                model.call(kind, detail, f"Title {number}")
            check(room, model)
        assert titles(room.news) == model.next == titles(room.current().news)
        assert set(read_withdrawn(room)) == model.withdrawn
