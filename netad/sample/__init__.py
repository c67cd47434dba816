"""Sample traffic: a deterministic small office, with attacks on request, written as labelled captures."""
