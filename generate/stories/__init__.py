"""Headline and summary: jobs, drafts, choice, the story writer and its budget."""
