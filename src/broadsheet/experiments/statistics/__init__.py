"""Tests and intervals that stay valid however often their data are looked at, from plain arrays."""
