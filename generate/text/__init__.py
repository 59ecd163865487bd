"""English text read: words, names, numbers, dates, quotations and language."""
