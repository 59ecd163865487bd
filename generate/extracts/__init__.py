"""What is said in the articles' own words, without a model: extracts, answers, digests and topics."""
