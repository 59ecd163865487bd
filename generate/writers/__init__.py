"""Models that draft: local or at an endpoint, their decoding, training and files."""
