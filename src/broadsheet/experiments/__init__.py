"""Experiments: arms of readers by a hash, served by their own settings, and tests that stay valid at every look."""
