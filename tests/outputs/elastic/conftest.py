"""What the Elasticsearch tests share: configurations, events of the test's own namespace, and a server that refuses."""

import contextlib
import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from netad.core.identity import content_id
from netad.outputs.base import Event
from netad.outputs.elastic.connection import ElasticConfig, connect
from netad.outputs.events import Origin
from tests.elastic_server import Server, serving

START_NS = 1_768_111_200_000_000_000


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Return a function that starts a `Server` with a script, in front of `upstream` if given, with TLS if asked."""
    with contextlib.ExitStack() as stack:
        yield lambda script, upstream=None, tls=False, **options: stack.enter_context(
            serving(script, upstream, tls, **options)
        )


@pytest.fixture
def origin(namespace: str) -> Origin:
    """A sensor whose events go to the test's own namespace."""
    return Origin("sensor-1", namespace, "run-1", "0.1.0", "agent-1", {"site": "hq"}, ("netad", "office"))


@pytest.fixture
def make_events(events_of_flows: list[Event]) -> Callable[[int], list[Event]]:
    """Return a maker of that many flow events with ids of their own, the same on every call."""

    def make(count: int) -> list[Event]:
        events = [copy.deepcopy(events_of_flows[0]) for _ in range(count)]
        for number, event in enumerate(events):
            event["event"]["id"] = content_id(
                1_768_111_200_000_000_000, "test", event["data_stream"]["namespace"], number
            )
        return events

    return make


@pytest.fixture
def config(elastic_url: str) -> ElasticConfig:
    """The real Elasticsearch."""
    return ElasticConfig.from_target(elastic_url, {})


@pytest.fixture
def client(config: ElasticConfig) -> Iterator[Any]:
    """A client of the real Elasticsearch."""
    with contextlib.closing(connect(config)) as connected:
        yield connected


@pytest.fixture
def dead_url() -> str:
    """A URL where nothing listens: port 1 of loopback."""
    return "http://127.0.0.1:1"
