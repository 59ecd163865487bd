"""The folder of one publisher: names of its files, lock, editions, manifest, journal and clock."""
