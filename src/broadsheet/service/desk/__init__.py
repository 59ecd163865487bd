"""The desk: an editor's orders on the front page, with the page and the price of a change before it is made."""
