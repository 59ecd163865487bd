"""What keys and users may do: scopes, and the roles that users have."""

SCOPES = {
    "pages": "make pages of any reader, ask, and read lists of articles",
    "events": "log what readers do",
    "articles": "add, correct and withdraw articles",
    "readers": "read, change, export and forget readers",
    "desk": "change the front page as an editor",
    "operations": "see and change editions, read metrics and experiments",
}
"""What each scope lets its caller do."""
ROLES = {
    "reader": frozenset[str](),
    "site": frozenset({"pages", "events", "articles", "readers"}),
    "editor": frozenset({"pages", "articles", "desk"}),
    "operator": frozenset(SCOPES),
}
"""The scopes that each role may have."""
