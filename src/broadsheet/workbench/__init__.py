"""The stages of one edition put together: models, data, ranking and the story writer."""
