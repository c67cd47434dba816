"""From captures to flow records: how fast, and in how much memory, beside other flow meters."""
