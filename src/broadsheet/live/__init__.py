"""What changes between two nights and is seen by the next request."""
