"""The figures and tables of the documents, made from the files of benchmarks/results."""
