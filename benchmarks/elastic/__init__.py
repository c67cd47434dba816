"""How fast netad ships flows to Elasticsearch, beside raw bulk requests of the same bodies."""
