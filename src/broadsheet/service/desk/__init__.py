"""The desk: where editors have the last word on the front page."""
