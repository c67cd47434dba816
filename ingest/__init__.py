"""Bytes to flows: containers, decoding, the flow table, Community ID."""
