"""The benchmark of ranking in real time: impressions replayed with counters of several ages."""
