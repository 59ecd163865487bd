"""Quotation marks: rows that no mark may swallow."""

from collections import Counter

import pytest

from broadsheet.errors import InputError
from broadsheet.importers.files.file_rows import column_names, read_rows
from broadsheet.importers.files.quotes import MISPLACED, SWALLOWED, WRONG_WIDTH


def read(path, quoting="auto"):
    skipped = Counter()

    def skip(reason):
        skipped[reason] += 1

    return [list(row.values()) for row in read_rows(path, column_names(path, quoting), skip, quoting)], skipped


def test_one_stray_mark_costs_its_own_row_and_no_other(tmp_path):
    lines = [f"n{number},Title {number},x\n" for number in range(40_000)]
    lines[7] = 'n7,"Title 7,x\n'
    (tmp_path / "news.csv").write_text("news_id,title,category\n" + "".join(lines))
    rows, skipped = read(tmp_path / "news.csv")
    assert len(rows) == 39_999 and skipped == {MISPLACED: 1}
    assert [row[0] for row in rows[6:8]] == ["n6", "n8"]


def test_titles_of_a_tsv_that_begin_with_a_mark_are_rows_of_their_own(tmp_path):
    (tmp_path / "news.tsv").write_text(
        "news_id\ttitle\tcategory\n"
        'a1\t"We will not pay", minister tells parliament\tpolitics\n'
        "a2\tQuiet day on the markets\tbusiness\n"
        'a3\t"Unfinished business: the bridge that nobody wants\tlocal\n'
        "a4\tHarbour closes for repairs\tlocal\n"
        'a6\tCup final moved to Sunday" says league\tsport\n'
        'a7\t"A ""quoted"" whole"\tculture\n'
    )
    rows, skipped = read(tmp_path / "news.tsv")
    assert [row[1] for row in rows] == [
        '"We will not pay", minister tells parliament',
        "Quiet day on the markets",
        '"Unfinished business: the bridge that nobody wants',
        "Harbour closes for repairs",
        'Cup final moved to Sunday" says league',
        'A "quoted" whole',
    ]
    assert not skipped


def test_marks_behind_a_backslash_are_part_of_the_text(tmp_path):
    (tmp_path / "news.csv").write_text(
        "news_id,title\n"
        'b1,"Mayor: \\"no new tax\\" before spring"\n'
        'b2,"She said \\"wait, and see\\" twice"\n'
        'b3,"Plain, with \\ and comma"\n'
    )
    rows, skipped = read(tmp_path / "news.csv")
    assert [row[1] for row in rows] == [
        'Mayor: "no new tax" before spring',
        'She said "wait, and see" twice',
        "Plain, with \\ and comma",
    ]
    assert not skipped


def test_rows_inside_a_cell_are_counted_as_rows_and_taken_if_the_marks_are_declared(tmp_path):
    (tmp_path / "news.csv").write_text('news_id,title,category\nn1,"Long,x\nn2,Other,x\nn3,height 5",x\nn4,Fine,x\n')
    rows, skipped = read(tmp_path / "news.csv")
    assert rows == [["n4", "Fine", "x"]] and skipped == {SWALLOWED: 3}
    assert read(tmp_path / "news.csv", "double")[0][0] == ["n1", "Long,x\nn2,Other,x\nn3,height 5", "x"]
    assert [row[1] for row in read(tmp_path / "news.csv", "none")[0]] == ['"Long', "Other", 'height 5"', "Fine"]


def test_a_text_of_many_lines_is_one_row(tmp_path):
    body = "First, a line\n\nHowever, he left\r\nThen came, with rain, the night\n" * 50
    (tmp_path / "news.csv").write_bytes(f'news_id,body\nn1,"{body}"\nn2,Short\n'.encode())
    assert read(tmp_path / "news.csv") == ([["n1", body], ["n2", "Short"]], {})


def test_lines_of_a_damaged_text_do_not_become_articles(tmp_path):
    (tmp_path / "news.csv").write_text('news_id,body\nn1,"He said "no" to it.\nHowever, he left\nand came"\nn2,Fine\n')
    assert read(tmp_path / "news.csv") == ([["n2", "Fine"]], {MISPLACED: 3})


def test_each_line_of_a_row_with_a_wrong_number_of_cells_is_counted(tmp_path):
    (tmp_path / "news.csv").write_text('news_id,title,body\nn1,"one\ntwo"\nn2,Fine,text\n')
    assert read(tmp_path / "news.csv") == ([["n2", "Fine", "text"]], {WRONG_WIDTH: 2})


def test_a_short_row_of_several_lines_costs_no_row_below_it(tmp_path):
    body = "<p>It&#x27;s; one</p>\n<p>and two; three</p>"
    good = "".join(f'n{number};Title;"{body}";x\n' for number in range(3, 9))
    (tmp_path / "news.csv").write_text(f'news_id;title;body;section\nn1;Title;"{body}"\nn2;Title;"{body}";x;x\n{good}')
    rows, skipped = read(tmp_path / "news.csv")
    assert rows == [[f"n{number}", "Title", body, "x"] for number in range(3, 9)]
    assert skipped == {WRONG_WIDTH: 4}


@pytest.mark.parametrize("quoting", ["auto", "double"])
def test_a_misplaced_mark_costs_no_row_of_several_lines_below_it(tmp_path, quoting):
    body = "<p>It&#x27;s; one</p>\n<p>and two; three</p>"
    good = "".join(f'n{number};Title;"{body}"\n' for number in range(2, 9))
    (tmp_path / "news.csv").write_text(f'news_id;title;body\nn1;"No" again;"{body}"\n{good}')
    rows, skipped = read(tmp_path / "news.csv", quoting)
    assert rows == [[f"n{number}", "Title", body] for number in range(2, 9)]
    assert skipped == {MISPLACED: 2}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_a_csv_is_read_with_each_line_end_and_with_the_separator_of_its_header(tmp_path, delimiter, end):
    rows = [["news_id", "title"], ["1", "One"], ["2", '"a, b; c| d"']]
    (tmp_path / "news.CSV").write_bytes(end.join(delimiter.join(row) for row in rows).encode())
    assert read(tmp_path / "news.CSV") == ([["1", "One"], ["2", "a, b; c| d"]], {})


def test_words_for_no_value_are_no_value_unless_they_are_quoted(tmp_path):
    (tmp_path / "news.csv").write_text('a,b,c,d\nNULL,nan,\\N,NaT\nNone,N/A,,NA\n"NULL","nan","\\N","null"\n')
    assert read(tmp_path / "news.csv")[0] == [
        [None, None, None, None],
        [None, None, "", "NA"],
        ["NULL", "nan", "\\N", "null"],
    ]


def test_an_unknown_way_to_read_marks_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"^quoting: found 'single', expected auto, double, backslash, none\."):
        column_names(tmp_path / "news.csv", "single")
