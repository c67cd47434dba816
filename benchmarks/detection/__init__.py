"""Times profiling, training, scoring, explaining and `netad ingest`: see `python -m benchmarks.detection --help`."""
