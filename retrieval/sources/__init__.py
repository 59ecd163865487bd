"""Who proposes candidates: nearest neighbours, co-clicks, trending and fresh articles, and their fusion."""
