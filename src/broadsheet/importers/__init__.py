"""From a publisher's files to the corpus, all rows or none."""
