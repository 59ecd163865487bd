"""The bounds of events: how old, how many, how long; and how long a store keeps them."""

from datetime import timedelta

OLDEST = timedelta(days=7)
"""An event that happened longer ago is not taken, unless the newsroom is an archive (clock = "latest")."""
AHEAD = timedelta(hours=1)
"""An event that is further in the future comes from a wrong clock."""
BEFORE_PAGE = timedelta(minutes=5)
"""How much earlier than its page an act may be: the page has the time of a server, the act that of a browser."""
KEPT = OLDEST + timedelta(days=1)
"""How long a store keeps an event at least, counted from its receipt.

So an event that is sent again is either still in the store, which knows it, or too old to be taken a second time.
"""
MOST_IN_A_MINUTE = 600
"""Events of one reader in one minute; what is more comes from a program."""
MOST_READ = 100_000
"""Events that one call of a store's `after` returns unless it asks for another number."""
LONGEST_ID, LONGEST_WORD = 200, 200
"""Most characters of the id of an event or page, and of a name, such as that of a region or a topic."""
LONGEST_NAMES = 2000
"""Most characters of the names of a page's experiments, and of its arms, with commas between."""
LONGEST_PAGE = 1000
"""Most articles of a page."""
MOST_SECONDS = 86_400.0
"""Longest view or dwell."""
