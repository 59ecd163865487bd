"""What editors order of the front page: pins, boosts, rewrites and knobs, in force with the next request."""
