"""What the benchmarks measure and report, a folder for each topic."""
