"""The operator's view at `/ops`: pages of figures, and publishing, rolling back and pruning with confirmation."""
