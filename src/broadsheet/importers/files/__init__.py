"""Files from outside as rows: CSV, TSV, JSON, JSONL and Parquet, streamed and bounded, each lost row counted."""
