"""What `netad doctor` looks at in an OpenSearch: the way to it, its version, whether events can be looked up."""

import contextlib
from collections.abc import Iterator

from netad.core.checks import Check
from netad.outputs.elastic.cluster import TroubleError
from netad.outputs.elastic.connection import ElasticConfig
from netad.outputs.elastic.reaching import check_ways
from netad.outputs.opensearch.cluster import OpenSearchCluster


def check_opensearch(config: ElasticConfig) -> Iterator[Check]:
    """Yield each step to a cluster and in it. Where the way fails, nothing further is asked of it.

    Raises:
        MissingExtraError: opensearch-py is not installed.
        ConfigError: an API key is set, which OpenSearch does not know.
    """
    if not (yield from check_ways(config)):
        return
    with contextlib.closing(OpenSearchCluster(config)) as cluster:
        try:
            lacking = cluster.lacking_templates()
        except TroubleError as trouble:
            yield Check("answer", "FAILED", trouble.why.message)
            return
        told = f"{', '.join(lacking)}: a run makes them if its user may put index templates"
        yield Check("templates", "note", told) if lacking else Check("templates", "ok", "all are there")
        try:
            cluster.known_ids("logs-netad.flow-default", ["none"])
        except TroubleError as trouble:
            yield Check("known events", "note", f"{trouble.why.message}: this machine's ledger stands in")
        else:
            yield Check("known events", "ok", "events that are there can be looked up")
