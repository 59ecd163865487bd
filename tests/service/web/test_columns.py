"""Where the stories of a page stand."""

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
