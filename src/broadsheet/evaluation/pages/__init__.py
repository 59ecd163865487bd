"""The benchmarks of whole pages: policies, reasons, cold start and answers."""
