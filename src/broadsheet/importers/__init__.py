"""From a publisher's files to the corpus, all rows or none: `transaction.Import` is what every importer writes with."""
