"""Importers: from a publisher's files to the corpus tables of a newsroom."""
