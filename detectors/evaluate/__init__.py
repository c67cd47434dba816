"""Measured detection: evaluation suites, their splits, metrics and reports."""
