"""The card of a simulation: what it assumes, in words and numbers."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from broadsheet.evaluation.simulation import readers, truth
from broadsheet.evaluation.simulation.behaviour import Behaviour
from broadsheet.evaluation.simulation.world import LEAST_READ, MOST_READ, World, day_of
from broadsheet.markdown import table

ASSUMED = (
    "The articles are real, with their texts and times. Where all times are midnights, each article has a time of its "
    "day by chance. Articles without a time are left out.",
    "The truth reads other features than the ranker. An article's words are weighed by rarity and reduced to "
    f"{truth.TOPICS} numbers; the ranker reads vectors of a BERT model. Each article has a hidden quality, drawn from "
    "a normal distribution, which no text shows.",
    f"A reader's taste is the mean of the words of real articles: of the history of a real reader (at least "
    f"{LEAST_READ} and the newest {MOST_READ} articles), or of {readers.INTERESTS} articles drawn by chance. A reader "
    f"made up so has read {readers.READ_BEFORE} articles of the month before that match this taste.",
    f"Readers ask for {readers.PAGES_A_DAY} pages a day on average (gamma, shape 1.5, at most {readers.BUSIEST:g}), "
    "most often around an hour of their own in the morning or in the evening.",
    "A page is read from the top down: the reader looks at the first slot, may click it, and looks at the next slot or "
    "leaves. After a long read the reader leaves more often. So a slot far down is seen less often.",
    "Readers tire of pages on the same day, of articles that they passed over, and of events that they read about. Two "
    f"articles are on one event if their words are {truth.SAME_EVENT} alike and at most {truth.EVENT_DAYS:g} days "
    "lie between them.",
    "Readers come as often whatever they are shown. Real readers who are bored stay away, which this does not show.",
)


def card_of(world: World, newsroom: str, days: int) -> dict[str, Any]:
    """Return the card as values that JSON can hold."""
    return {
        "newsroom": newsroom,
        "articles": len(world.truth.quality),
        "events": len(set(world.truth.events.tolist())),
        "from": f"{day_of(world, 0):%Y-%m-%d}",
        "to": f"{day_of(world, days - 1):%Y-%m-%d}",
        "days": days,
        "readers": len(world.readers),
        "readers_with_a_real_history": world.real,
        "assumptions": [*ASSUMED],
        "parameters": vars(world.behaviour),
    }


def card_lines(card: Mapping[str, Any]) -> list[str]:
    """Return the card as lines of Markdown."""
    meanings = _meanings(Behaviour)
    return [
        f"Newsroom `{card['newsroom']}`: {card['articles']:,} articles on {card['events']:,} events; {card['from']} to "
        f"{card['to']}; {card['readers']:,} readers, {card['readers_with_a_real_history']:,} of them with the history "
        "of a real reader.",
        "",
        *(f"- {sentence}" for sentence in card["assumptions"]),
        "",
        *table(
            ["parameter", "value", "meaning"],
            ([f"`{name}`", f"{value:g}", meanings[name]] for name, value in card["parameters"].items()),
        ),
    ]


def _meanings(parameters: type) -> dict[str, str]:
    """Return the docstring of each field."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(parameters))).body
    assert isinstance(definition, ast.ClassDef)
    found, body = {}, definition.body
    for above, below in pairwise(body):
        match above, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = text
    return found
