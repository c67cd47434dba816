"""Rules over events: see `python -m benchmarks.rules --help`."""
