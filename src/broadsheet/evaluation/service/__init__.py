"""The service under load: what it does a second, and what it loses."""
