"""The pages that readers see: front page, sections, stories, ask, what they follow, and why."""
