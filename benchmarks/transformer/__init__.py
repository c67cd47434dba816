"""Times the transformer detector: training, scoring in each precision, sizes on disk."""
