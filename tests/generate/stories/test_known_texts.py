import pyarrow as pa

from broadsheet.generate.stories.known_texts import distinct_texts, known_texts
from broadsheet.tables.schemas import STORIES


def stories(*rows):
    names = ("content_hash", "interest", "model", "prompt", "headline")
    blank = {"user_id": "", "rank": 1, "news_id": "", "summary": "", "method": [], "checks": []}
    table = [{**blank, **dict(zip(names, row, strict=True))} for row in rows]
    return pa.Table.from_pylist(
        [{field.name: row.get(field.name) for field in STORIES} for row in table],
        pa.schema([field.with_nullable(True) for field in STORIES]),
    )


def test_of_rows_of_one_text_the_first_stays_and_the_texts_found_are_the_same():
    known = stories(
        ("a", "chess", "m", "p", "First"),
        ("b", "", "m", "p", "Other"),
        ("a", "chess", "m", "p", "Second"),
        ("a", "", "m", "p", "For everybody"),
        ("a", "chess", "old", "p", "Of another model"),
        ("b", "", "m", "p", "Other, again"),
    )
    few = distinct_texts(known)
    assert few["headline"].to_pylist() == ["First", "Other", "For everybody", "Of another model"]
    asked = [({"content_hash": content}, interest) for content in "abc" for interest in ("", "chess", "tennis")]
    for any_interest in (True, False):
        found = [known_texts(table, asked, "m", "p", any_interest=any_interest) for table in (known, few)]
        assert found[0] == found[1] and found[0]["a", "chess"]["headline"] == "First"


def test_an_empty_table_has_no_texts():
    assert len(distinct_texts(stories())) == 0
