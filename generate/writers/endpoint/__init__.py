"""A writer that is asked over HTTP: its drafts, the client that asks for them, and what it may spend."""
