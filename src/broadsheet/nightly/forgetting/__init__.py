"""What a build removes of readers who were forgotten: from the corpus, events, archives, editions and the service."""
