"""OpenSearch: the delivery of `netad.outputs.elastic` through its own client, and its own templates."""
