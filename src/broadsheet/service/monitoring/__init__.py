"""What the service tells of itself: Prometheus metrics, the events of the last hour, and the log's last problems."""
