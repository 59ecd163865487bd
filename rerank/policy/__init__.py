"""The order of a list: diversity, calibration and limits."""
