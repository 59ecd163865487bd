"""Who proposes candidates: nearest neighbours, co-clicks, popular and new articles, and their fusion."""
