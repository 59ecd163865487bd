"""The benchmark of the fact gate: planted errors, rewordings and report."""
