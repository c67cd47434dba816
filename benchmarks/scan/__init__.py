"""How long a scan takes that finds nothing new, and one that finds one capture among many."""
