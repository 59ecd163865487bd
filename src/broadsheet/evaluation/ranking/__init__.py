"""The benchmark of ranking: rows, findings, calibration and report."""
