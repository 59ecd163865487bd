"""Finding, loading, running and training encoders and writers, whichever stage has them."""
