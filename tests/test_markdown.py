from broadsheet.markdown import table


def test_a_table_has_a_head_a_rule_and_a_line_for_each_row():
    lines = table(["encoder", "articles/s"], [["default", 12], ["Broadsheet", "34.5"]])
    assert lines == ["| encoder | articles/s |", "|---|---|", "| default | 12 |", "| Broadsheet | 34.5 |"]
    assert table(["only"], []) == ["| only |", "|---|"]
