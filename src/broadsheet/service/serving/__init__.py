"""What all routes share: the edition in use, the queue of fresh pages, stored pages, and how errors are answered."""
