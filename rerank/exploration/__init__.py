"""Exploration: pages that now and then show another article than the best, with true probabilities."""
