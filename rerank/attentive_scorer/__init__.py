"""The attentive scorer: a small network that reads a reader's history with each candidate in mind."""
