"""Coverage-guided fuzzing of what reads hostile input. See README.md here; nothing in this folder is installed."""
