"""Impressions made by hand, without a table that they are read from."""

from broadsheet.corpus.impressions import make_impression


def impression_of(catalogue, user_id, time, history=(), shown=(), clicked=(), number=0):
    """An impression of these ids, cut to the articles of a catalogue."""
    row = {"impression_id": str(number), "user_id": user_id, "time": time}
    lists = {"history": list(history), "shown": list(shown), "clicked": list(clicked)}
    return make_impression(catalogue, row | lists, number)
