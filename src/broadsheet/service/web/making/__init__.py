"""What the readers' pages are made of: words, templates, columns, and what is known of a reader."""
