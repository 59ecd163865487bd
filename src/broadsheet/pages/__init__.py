"""A reader's page: its rows, its digests, the answer to a request, and how it looks."""
