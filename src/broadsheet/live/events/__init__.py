"""What readers do, as it happens: the events of a newsroom, their checks, and the stores that keep them."""
