"""Events that are there twice: found wherever they are, and nothing else is."""

import contextlib

import pytest

from netad.outputs.elastic.bulk import request_lines
from netad.outputs.elastic.cluster import ElasticCluster
from netad.outputs.elastic.repeated import repeated_events

pytestmark = pytest.mark.elastic


def test_pairs_are_named_with_their_indices(config, client, make_events, namespace):
    """Ids that were created again after a rollover are found, with both backing indices, across pages."""
    stream = f"logs-netad.flow-{namespace}"
    events = make_events(9)
    lines = [request_lines(event, "2026-01-12T09:00:00.000Z", ElasticCluster.action) for event in events]
    ids = [event["event"]["id"] for event in events]
    with contextlib.closing(ElasticCluster(config)) as cluster:
        cluster.ensure_templates()
        cluster.create(lines[:6])
        client.indices.rollover(alias=stream)
        cluster.create(lines[4:])  # without a look-up before, as in the one gap that is left
        cluster.refresh(stream)
    for page in (2, 5, 5_000):
        found = list(repeated_events(client, stream, page))
        assert [repeated.id for repeated in found] == sorted(ids[4:6])
        assert {len(set(repeated.indices)) for repeated in found} == {2}
    assert all(index.startswith(f".ds-{stream}-") for index in found[0].indices)


def test_none_where_nothing_is(client, namespace):
    """A stream that is not there holds no pairs."""
    assert list(repeated_events(client, f"logs-netad.flow-{namespace}")) == []
