"""A simulator: readers with tastes, positions and fatigue, who read the pages of a newsroom over real articles."""
