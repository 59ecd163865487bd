"""The documents say what the code says, and their examples run."""
