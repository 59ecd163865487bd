"""What experiments found, and how well their tests and interleaving do, as reports with plots."""
