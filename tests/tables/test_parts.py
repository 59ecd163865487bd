from broadsheet.tables.parts import first_free_number, part_path, parts_of


def test_parts_lie_beside_their_table(tmp_path):
    folder = parts_of(tmp_path / "stories.arrow")
    assert folder == tmp_path / "stories.parts" and part_path(folder, 7) == folder / "000007.arrow"


def test_the_first_free_number_follows_the_last_whatever_is_missing_before_it(tmp_path):
    assert first_free_number(tmp_path / "nothing") == 0
    for name in ("000002.arrow", "000009.arrow", ".000011.arrow.7.part", "other.arrow"):
        (tmp_path / name).touch()
    assert first_free_number(tmp_path) == 10
