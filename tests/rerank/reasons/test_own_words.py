import numpy as np

from broadsheet.rerank.reasons.own_words import (
    MAX_PROFILE,
    MOST_PARTS,
    named_in_words,
    nearest_parts,
    parts_of,
    spoken_words,
)
from tests.support.stage_contract import unit

STORIES = unit([[1, 0.1], [0.1, 1], [-1, -1]])


def encode(texts):
    return unit([[1, 0] if text == "Films" else [0, 1] for text in texts])


def test_words_have_parts_between_commas_semicolons_and_stops():
    assert parts_of("Films,  good music; and animals. Films") == ["Films", "good music", "animals"]
    assert parts_of(" ;,. ") == [] and len(parts_of(",".join(map(str, range(99))))) == MOST_PARTS


def test_long_words_of_the_reader_are_cut_between_words():
    text = spoken_words("space " * 50)
    assert text.endswith("space…") and len(text) <= MAX_PROFILE


def test_each_story_gets_the_part_that_is_nearest_and_is_near_if_few_articles_are_as_near():
    others = unit([[0.5, -1], [-1, 0.5], [-1, -1]])
    asked = nearest_parts("Films, music", STORIES, others, 0.9, encode)
    assert asked.parts[:2] == ["Films", "music"] and asked.near.tolist() == [True, True, False]


def test_a_part_names_a_section_or_source_in_any_case():
    asked = named_in_words("Science; chess", [("science", "BBC"), ("arts", "BBC")])
    assert asked.parts == ["Science", ""] and np.array_equal(asked.near, [True, False])
