"""What every report of a benchmark has: data, versions, intervals, tables and plots."""
