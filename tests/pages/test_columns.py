from broadsheet.pages.columns import front_columns


def story(headline=30, summary=90, why=40, image=""):
    """A story whose texts have these numbers of characters."""
    return {"headline": "h" * headline, "summary": "s" * summary, "why": "w" * why, "made": "m" * 40, "image": image}


def test_few_stories_all_stand_under_the_lead():
    assert [front_columns([story()] * count) for count in range(5)] == [(0, 0), (0, 0), (1, 0), (2, 0), (2, 1)]


def test_fewer_stand_beside_a_short_lead_if_they_are_long_and_more_beside_a_long_lead_if_they_are_short():
    long, short = story(90, 300), story(30, 40)
    assert front_columns([story(60, 60), *[long] * 10]) == (2, 2)
    assert front_columns([story(120, 700), *[short] * 10]) == (2, 4)


def test_every_story_has_one_place_whatever_its_length():
    for count in range(1, 14):
        for length in (0, 100, 900):
            under, beside = front_columns([story(summary=length), *[story(summary=900 - length)] * (count - 1)])
            assert 1 + under + beside <= count and (beside == 0) == (count < 4)


def test_an_image_takes_room():
    assert front_columns([story(), *[story()] * 8]) != front_columns(
        [story(image="https://a.example/1"), *[story()] * 8]
    )
