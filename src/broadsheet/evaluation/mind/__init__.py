"""MIND's folders taken apart for a measurement, and the whole measurement with its trainings."""
