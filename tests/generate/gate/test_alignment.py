from broadsheet.generate.gate.alignment import is_aside, longest_common, misplaced
from broadsheet.generate.gate.passives import active, is_passive
from broadsheet.generate.gate.tokens import proper_words, tokens

PLACE = "Arsenal, who lost to Leeds, beat Chelsea 3-1 at Wembley on Monday."
PROPER = proper_words(f"In London. It says: {PLACE} For Arsenal it was, again, a Chelsea evening.")


def stems(found):
    return [token.stem for token in found]


def order(text, place=PLACE):
    said, there = tokens(text, PROPER), tokens(place, PROPER)
    return misplaced(said, there, longest_common(stems(said), stems(there)))


def test_the_longest_common_subsequence_is_found_in_order():
    assert longest_common("abcd", "xbyd") == [(1, 1), (3, 3)]
    assert longest_common("abc", "cab") == [(0, 1), (1, 2)]
    assert longest_common("", "abc") == []


def test_of_two_places_the_nearer_to_the_next_is_taken():
    assert longest_common("ab", "axxab") == [(0, 3), (1, 4)]


def test_names_numbers_and_dates_are_told_from_the_rest():
    found = tokens("Anna Berg's 21 goals and twenty-one wins fell on Jan. 6, not in Leeds", PROPER)
    kinds = {"Berg": "name", "21": "number", "twenty-one": "number", "Jan. 6": "date", "Leeds": "name", "goals": ""}
    assert {token.text: token.kind for token in found if token.text in kinds} == kinds
    assert [token.stem for token in found if token.kind == "number"] == ["#21", "#21"]
    first, second, *_ = found
    assert first.mention == second.mention


def test_a_contraction_is_two_words():
    assert stems(tokens("They couldn't go.", PROPER)) == stems(tokens("They could not go.", PROPER))


def test_names_that_change_places_are_out_of_place():
    assert order("Arsenal beat Chelsea 3-1 at Wembley.") == {}
    assert order("Chelsea beat Arsenal 3-1 at Wembley.") == {"name": ["Chelsea", "Arsenal"]}
    assert order("On Monday Arsenal beat Chelsea.") == {}
    assert "Leeds" in order("Arsenal beat Leeds at Wembley.")["name"]


def test_numbers_that_change_places_are_out_of_place():
    place = "Shares fell from 5 to 3 pence."
    assert order("Shares fell from 3 to 5 pence.", place) == {"number": ["3", "5"]}
    assert order("Shares fell to 3 pence.", place) == {}


def test_what_stands_between_commas_is_an_aside():
    found = tokens(PLACE, PROPER)
    places = {token.text: place for place, token in enumerate(found)}
    assert is_aside(found, places["Arsenal"], places["beat"])
    assert not is_aside(found, places["beat"], places["Wembley"])


def test_a_passive_is_turned_active():
    passive = tokens("Carl Lund was praised by Anna Berg for his work.", PROPER)
    assert is_passive(passive) and not is_passive(tokens("A house by the sea was sold.", PROPER))
    (found,) = active(passive)
    assert stems(found) == stems(tokens("Anna Berg praised Carl Lund for his work.", PROPER))
