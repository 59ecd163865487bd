"""Recall against speed of vector indexes: those that Broadsheet builds, beside hnswlib and usearch."""
