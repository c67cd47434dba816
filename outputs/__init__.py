"""Events to somewhere: console, ndjson, Parquet, Elasticsearch."""
