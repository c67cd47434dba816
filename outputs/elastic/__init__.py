"""Elasticsearch: connection, index templates, bulk delivery, spool."""
