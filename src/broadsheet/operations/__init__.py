"""What an operator runs and reads: build log, Prometheus figures, report, status, publish and prune."""
