"""Articles, clicks and showings of an edition in memory, by row."""
