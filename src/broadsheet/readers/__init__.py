"""What a reader has read, hides, mutes and says, as of a moment."""
