"""The benchmark of candidate retrieval: lists, measures and report."""
