"""Events to OpenSearch data streams, delivered as to Elasticsearch."""

from typing import ClassVar, Self

from netad.outputs.elastic.connection import ElasticConfig
from netad.outputs.elastic.output import ElasticOutput
from netad.outputs.opensearch.cluster import PREFIX, OpenSearchCluster


class OpenSearchOutput(ElasticOutput):
    """The same chunks, retries, spool and ledger; the connection is that of NETAD_OPENSEARCH_…."""

    name: ClassVar[str] = "opensearch"

    @classmethod
    def from_target(cls, target: str | None) -> Self:
        """Return the output that `--to opensearch[:URL]` and the environment name.

        Raises:
            ConfigError: the URL, a variable or a certificate file is wrong.
            MissingExtraError: opensearch-py is not installed.
            SpoolError: there is no place for unsent events.
        """
        return cls.to_cluster(OpenSearchCluster(ElasticConfig.from_target(target, prefix=PREFIX)))
