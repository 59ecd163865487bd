"""Who may do what: callers, keys, users, sessions, limits and headers."""
