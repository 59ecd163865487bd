"""The daily letter by mail, and one story worth a push: who gets them, when, and once only."""
