"""The training of a newsroom's own towers, cross-encoder, fusion and writer."""
