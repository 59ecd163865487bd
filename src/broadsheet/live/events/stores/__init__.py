"""The databases that keep events: SQLite in a newsroom, PostgreSQL for several machines; group commit for both."""
