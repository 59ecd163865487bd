"""Rankers of other authors in plain torch, a file each, that benchmarks train and measure beside ours."""
