"""The operator's view: editions, builds, latencies, experiments."""
