"""The learning curve: what is reached with a part of the clicks, and its report."""
