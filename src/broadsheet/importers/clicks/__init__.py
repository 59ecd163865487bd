"""What an import learns from all clicks together: histories as of a moment, and readers who click too much."""
