"""What every request goes through: its host, sender, limits, body, and the headers of its answer."""
