"""News tower and user tower: their text, encoding, files, and the vectors taken over from earlier editions."""
