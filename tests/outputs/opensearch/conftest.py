"""The Elasticsearch tests' servers and events serve here too: the calls that delivery makes are the same."""

from tests.outputs.elastic.conftest import dead_url, make_events, origin, serve

__all__ = ["dead_url", "make_events", "origin", "serve"]
