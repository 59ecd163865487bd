"""Ranking, retrieval and beyond-accuracy metrics, their intervals, and MIND's prediction files."""
