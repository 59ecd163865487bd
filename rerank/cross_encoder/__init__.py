"""The cross-encoder: its model, pairs, files, earlier scores and training."""
