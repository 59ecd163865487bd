import pytest

from broadsheet.importers.columns import named_rows
from broadsheet.importers.files.id_lists import ids_of_cell
from broadsheet.importers.transaction import Import


@pytest.mark.parametrize(
    ("cell", "ids"),
    [
        ("007 7", ["007", "7"]),
        ("['007', '7']", ["007", "7"]),
        ('["007", "7"]', ["007", "7"]),
        ("('007', '7')", ["007", "7"]),
        ("{'007', '7'}", ["007", "7"]),
        ("007;7", ["007", "7"]),
        ("007|7", ["007", "7"]),
        ("007, 7; 8 | 9", ["007", "7", "8", "9"]),
        ("007,7,", ["007", "7"]),
        ("[7 007]", ["7", "007"]),
        ("['7' '007'\n '8']", ["7", "007", "8"]),
        ("[7, 007]", ["7", "007"]),
        ("[]", []),
        ("", []),
        (" [ ] ", []),
        ("https://example.org/a,b?id=1&x=ü", ["https://example.org/a,b?id=1&x=ü"]),
        (
            "https://e.org/a,b;c,https://e.org/d|https://e.org/e",
            ["https://e.org/a,b;c", "https://e.org/d", "https://e.org/e"],
        ),
        ('["a b", "c,d"]', ["a b", "c,d"]),
        (r"""['it\'s', "b"]""", ["it's", "b"]),
        ('["\\u00fc"]', ["ü"]),
        ("[None, 'a']", [None, "a"]),
    ],
)
def test_a_list_of_ids_is_read_in_the_forms_that_tools_write(cell, ids):
    assert ids_of_cell(cell) == ids


@pytest.mark.parametrize("cell", ["['1' '2' ... '9']", "[[1], [2]]", "['a]", "[" * 100_000 + "]"])
def test_what_only_looks_like_a_list_is_not_taken_apart(cell):
    assert ids_of_cell(cell) == cell


def test_a_reader_whose_list_cannot_be_read_is_a_counted_skip(newsroom):
    rows = [{"user_id": "v", "history": "['a' ... 'b']"}, {"user_id": "w", "history": "['a', 'b']"}]
    with Import(newsroom) as add:
        add.users(named_rows(rows, {"user_id": "user_id", "history": "history"}))
    assert add.report.skipped == {"users: history is not a list": 1} and add.report.taken["users"] == 1
