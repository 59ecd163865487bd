"""The contract: every Arrow table, and files that are written whole or not at all."""
