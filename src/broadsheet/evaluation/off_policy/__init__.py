"""How good the off-policy estimators are: the same numbers as another library's, and intervals on simulated logs."""
