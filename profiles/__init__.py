"""Flows to one row per source and window: features, windows, baselines."""
