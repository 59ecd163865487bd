"""The stages of a build on several machines, by Ray."""
