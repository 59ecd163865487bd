from broadsheet.newsroom.journal import Journal
from tests.newsroom.test_journal import write


def test_entries_that_are_removed_while_they_are_read_are_no_damage(room):
    write(room, "+x", "a", "+y")
    read = []

    def prepare(table, model):
        read.extend(table["news_id"].to_pylist())
        for entry in Journal(room).entries()[:-1]:
            entry.path.unlink()  # as a build does, once every edition holds them
        return table

    entries, changes = Journal(room).changes(prepare)
    assert [entry.sequence for entry in entries] == [3] and read == ["x", "y"]
    assert changes.added["news_id"].to_pylist() == ["y"] and changes.withdrawn == {}
