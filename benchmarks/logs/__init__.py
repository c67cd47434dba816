"""Times netad and other ways to read the same logs; see benchmarks/README.md."""
