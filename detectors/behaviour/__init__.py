"""Named behaviours, each by a published formula: scan, beacon, exfiltration and their kin."""
