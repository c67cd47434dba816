"""Harnesses that time netad and its peers side by side. Not installed: run them from the repository's root."""
