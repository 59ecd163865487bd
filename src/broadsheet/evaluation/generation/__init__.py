"""The benchmark of headlines and summaries: examples, rows, measures, speed and report."""
