"""The reasons of a page's stories: what is personal first, then what other readers do, then age."""
