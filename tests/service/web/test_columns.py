"""Where the stories of a page stand."""

from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from broadsheet.service.web.making.columns import columns_of

TEXT = st.integers(0, 300).map(lambda length: "x" * length)
STORIES = st.lists(
    st.fixed_dictionaries({"headline": TEXT, "summary": TEXT, "why": TEXT, "image": st.sampled_from(["", "picture"])}),
    max_size=24,
).map(lambda rows: [{**row, "rank": rank} for rank, row in enumerate(rows, 1)])


@given(STORIES)
def test_every_story_stands_once_and_the_best_leads(stories):
    columns = columns_of(stories)
    if columns is None:
        assert not stories
        return
    shown = [columns.lead, *columns.under, *columns.beside, *(story for column in columns.rest for story in column)]
    assert sorted(story["rank"] for story in shown) == [story["rank"] for story in stories]
    assert columns.lead["rank"] == 1
    assert all(columns.rest)


def test_a_long_story_stands_alone_beside_two_short_ones():
    short, long = {"headline": "x" * 20, "summary": "", "why": "", "image": ""}, {"summary": "x" * 3000}
    rest = [{**short, **long, "rank": 1}, *({**short, "rank": rank} for rank in range(2, 12))]
    heights = [len(column) for column in columns_of([*({**short, "rank": 0},) * 4, *rest]).rest]
    assert 1 in heights


def test_a_page_of_equal_stories_is_in_the_order_of_their_ranks():
    stories = [
        {"headline": "x" * 40, "summary": "x" * 90, "why": "", "image": "", "rank": rank} for rank in range(1, 21)
    ]
    columns = columns_of(stories)
    below = [story["rank"] for column in columns.rest for story in column]
    assert below == sorted(below)


# Characters of the headline, the summary and the reason of each story on a front page of the demo.
DEMO = [
    (80, 83, 72),
    (39, 148, 72),
    (60, 142, 46),
    (51, 238, 101),
    (66, 59, 32),
    (61, 222, 32),
    (60, 189, 0),
    (57, 217, 0),
    (44, 237, 101),
    (83, 72, 0),
    (82, 89, 0),
    (88, 100, 0),
    (54, 144, 32),
    (77, 246, 32),
    (39, 144, 27),
    (69, 12, 32),
    (48, 101, 0),
    (60, 219, 29),
    (37, 205, 0),
    (74, 92, 46),
]


def test_the_columns_of_a_front_page_of_the_demo_end_within_three_lines():
    stories = [
        {"headline": "x" * headline, "summary": "x" * summary, "why": "x" * why, "image": "", "rank": rank}
        for rank, (headline, summary, why) in enumerate(DEMO, 1)
    ]
    ends = [sum(map(pixels, column)) for column in columns_of(stories).rest]
    assert len(ends) == 4 and max(ends) - min(ends) < 3 * 25.5


def pixels(story):
    """The height of a story in a column of four, as a browser draws it, and the gap below it."""
    texts = ((story["headline"], 28, 23.5), (story["summary"], 34, 25.5), (story["why"], 37, 22.5))
    return 67 + 56 + (11 if story["why"] else 0) + sum(ceil(len(text) / line) * high for text, line, high in texts)
