"""Learning on: the models in use go on from their weights with new clicks, and are replaced if the result is better."""
