"""The build of an edition: its stages as files, the work taken over from earlier editions, and the checks."""
