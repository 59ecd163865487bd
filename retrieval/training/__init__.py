"""The training of the towers: examples, hard negatives and the fit."""
