"""From an anomaly, or a source and a time, to its packets: found by a kernel, written as they were captured."""
