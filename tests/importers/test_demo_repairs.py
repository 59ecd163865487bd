import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.importers.demo_repairs import clean, clean_body


@pytest.mark.parametrize(
    ("damaged", "repaired"),
    [
        ('It isn"t true, and I"ve said so', "It isn't true, and I've said so"),
        ('Sean O"Leary and Patrice D"Arcy', "Sean O'Leary and Patrice D'Arcy"),
        ('"I"\ufffdVE had no contact"', '"I\'VE had no contact"'),
        ('The senators"?vote was close', "The senators' vote was close"),
        ('the source"?who asked not to be named', "the source – who asked not to be named"),
        ('a plan "?a costly one "?was dropped', "a plan – a costly one – was dropped"),
        ('a "so-called judge"?and blamed him', 'a "so-called judge" and blamed him'),
        ('"We won,"?she said. "At last."?Then she left.', '"We won," she said. "At last." Then she left.'),
        ('"Why now?"?he asked', '"Why now?" he asked'),
        ('they must be "\ufffdquelled."', 'they must be "quelled."'),
        ("a \ufffd\ufffdnomadic school", 'a "nomadic school'),
    ],
)
def test_quotes_are_repaired_by_what_is_around_them(damaged, repaired):
    assert clean(damaged) == repaired


@pytest.mark.parametrize(
    ("damaged", "repaired"),
    [
        ("a deficit of ?9.2 billion (\ufffd10.5 billion)", "a deficit of £9.2 billion (€10.5 billion)"),
        ("The Garda\ufffd\ufffd said", "The Gardaí said"),
        ("on RT? News \"?RT?'s own", "on RTÉ News – RTÉ's own"),
        (
            "Borussia M?nchengladbach's Sch?uble and D\ufffd\ufffdsseldorf",
            "Borussia Mönchengladbach's Schäuble and Düsseldorf",
        ),
        ("Is it true? 3 say no", "Is it true? 3 say no"),
        ("in B?rlibach", "in B?rlibach"),
        ("Osnabr\ufffd\ufffdxburg", "Osnabr\ufffdxburg"),
    ],
)
def test_a_letter_is_restored_where_name_or_number_decides_it_and_left_where_not(damaged, repaired):
    assert clean(damaged) == repaired


@pytest.mark.parametrize(
    ("damaged", "repaired"),
    [
        ("He fell,-they said.- Later he rose.-", "He fell, they said. Later he rose."),
        ("the-city and in-1971 of-the year", "the city and in 1971 of the year"),
        ("a state-of-the-art, well-known U.S.-led plan", "a state-of-the-art, well-known U.S.-led plan"),
        ("before - - - - after - this", "before after - this"),
        ("two\u00a0words\u200b and\n\tmore", "two words and more"),
    ],
)
def test_hyphens_that_were_spaces_become_spaces_and_others_stay(damaged, repaired):
    assert clean(damaged) == repaired


@pytest.mark.parametrize(
    ("scraped", "body"),
    [
        ("MOSCOW, February 7. /TASS/. The envoy left.", "The envoy left."),
        ("Hong Kong (CNN)The envoy left.", "The envoy left."),
        ("The envoy left. Source:-Al Jazeera and news agencies", "The envoy left."),
        ("The envoy left. mm/jm (AFP, dpa) -", "The envoy left."),
        ("The envoy left (after the talks).", "The envoy left (after the talks)."),
        ("One. READ MORE: Why he left Two is lost. Three.", "One. Three."),
        ("One. Media playback is not supported on this device Two.", "One. Two."),
        ("One. Do you have information you want to share with the Huffington Post? Here's how. Learn more", "One."),
        ('One. Don"t be the last to watch the viral video. Learn more', "One."),
        ("One. ann@chinadaily.com.cn (China Daily European Weekly 01/27/2017 page29)", "One."),
        ('"One," he said. Ann Lee and Bo Ek contributed to this report.', '"One," he said.'),
        ("- -", ""),
    ],
)
def test_what_was_scraped_with_an_article_is_removed(scraped, body):
    assert clean_body(scraped) == body


@given(st.lists(st.from_regex(r"[A-Za-z]{1,9}[,.]?", fullmatch=True), max_size=30))
def test_prose_without_damage_stays_as_it_is(words):
    assert clean(" ".join(words)) == " ".join(words)


@given(st.text(alphabet='abS"?\ufffd-. 1\n\u00a0\u200b(', max_size=60))
def test_the_result_is_one_line_without_damaged_quotes(text):
    result = clean(text)
    assert not re.search(r"\s\s|[\n\u00a0\u200b]|^\s|\s$", result)
    assert '"\ufffd' not in result
