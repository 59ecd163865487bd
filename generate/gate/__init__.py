"""What keeps a draft off a page: facts, tone and talk of the model."""
