"""The local store of events: Parquet files by kind and day, written, read back and changed."""
