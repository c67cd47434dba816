"""OpenSearch as delivery sees it: the same questions as Elasticsearch's, through opensearch-py."""

import contextlib
import ssl
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from orjson import dumps

from netad.core.errors import ConfigError, MissingExtraError, OutputError
from netad.outputs.elastic.cluster import TroubleError, kind_of_status, search_ids
from netad.outputs.elastic.connection import ElasticConfig, reason_of, warn_of_plain_text
from netad.outputs.elastic.proxy import ProxiedPool
from netad.outputs.network import cause
from netad.outputs.opensearch.templates import ensure_opensearch_templates, lacking_templates

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

PREFIX = "NETAD_OPENSEARCH_"


class OpenSearchCluster:
    """OpenSearch, through its own client.

    Raises:
        MissingExtraError: opensearch-py is not installed.
        ConfigError: an API key is set, which OpenSearch does not know.
    """

    no_template = "a run whose user may put index templates makes them"

    def __init__(self, config: ElasticConfig) -> None:
        if config.api_key:
            raise ConfigError(f"OpenSearch knows no API keys: set {PREFIX}USERNAME and {PREFIX}PASSWORD instead")
        self.target = config.target
        self._config = config
        self._client = _connect(config)

    def ensure_templates(self) -> list[str]:
        """See `netad.outputs.opensearch.templates`."""
        with self._troubles():
            return ensure_opensearch_templates(self._client)

    def lacking_templates(self) -> list[str]:
        """Return the names of the templates that are missing or older than netad's."""
        with self._troubles():
            return [name for _, name, _ in lacking_templates(self._client)]

    @staticmethod
    def action(stream: str, identity: str) -> bytes:
        """Return the action. OpenSearch cannot be told to refuse what is no data stream: `ensure_templates` is to."""
        return dumps({"create": {"_index": stream, "_id": identity}})

    def refresh(self, stream: str) -> None:
        """Refresh the stream, if this user may."""
        with self._troubles():
            self._client.indices.refresh(index=stream, params={"ignore": (403, 404), "ignore_unavailable": "true"})

    def known_ids(self, stream: str, ids: Sequence[str]) -> set[str]:
        """Search the ids over all backing indices; an answer of some shards only is none."""
        params = {"ignore_unavailable": "true", "allow_partial_search_results": "false",
                  "filter_path": "hits.hits._id"}  # fmt: skip
        with self._troubles():
            return search_ids(lambda body: self._client.search(index=stream, body=body, params=params), ids)

    def create(self, lines: Sequence[bytes]) -> object:
        """Send a bulk request."""
        with self._troubles():
            params = {"filter_path": "items.*.status,items.*.error"}
            answer: object = self._client.bulk(body=b"".join(lines), params=params)
            return answer

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()

    @contextlib.contextmanager
    def _troubles(self) -> Iterator[None]:
        import opensearchpy

        target = self.target
        try:
            yield
        except opensearchpy.SSLError as error:
            trust = f"{PREFIX}CA_FILE or {PREFIX}FINGERPRINT name whom to trust"
            why = f"no trusted TLS connection to {target} ({_cause(error)}): {trust}"
            raise TroubleError("fatal", OutputError(why)) from error
        except opensearchpy.ConnectionTimeout as error:
            why = f"{target} did not answer within {self._config.timeout_s:g} s"
            raise TroubleError("away", OutputError(why)) from error
        except opensearchpy.ConnectionError as error:
            raise TroubleError("away", OutputError(f"{target} cannot be reached ({_cause(error)})")) from error
        except opensearchpy.TransportError as error:
            raise TroubleError(kind_of_status(int(error.status_code)), self._explained(error)) from error
        except (opensearchpy.OpenSearchException, KeyError, TypeError) as error:
            raise TroubleError("fatal", OutputError(f"{target} does not answer like an OpenSearch")) from error

    def _explained(self, error: Any) -> OutputError:  # noqa: ANN401 - opensearchpy is imported only when used
        told = error.info.get("error", error.error) if isinstance(error.info, dict) else error.error
        reason = reason_of(told) or "no reason given"
        for secret in self._config.secrets:
            reason = reason.replace(secret, "***")
        if error.status_code == 401:
            hint = "" if self._config.username else f": set {PREFIX}USERNAME and {PREFIX}PASSWORD"
            return OutputError(f"{self.target} does not accept the credentials (401, {reason}){hint}")
        if error.status_code == 403:
            return OutputError(f"{self.target} does not allow this (403, {reason})")
        return OutputError(f"{self.target} answered {error.status_code} ({reason})")


def _connect(config: ElasticConfig) -> "OpenSearch":
    try:
        from opensearchpy import OpenSearch, Urllib3HttpConnection
    except ImportError as error:
        raise MissingExtraError("--to opensearch needs the extra: pip install 'netad[opensearch]'") from error

    class Connection(Urllib3HttpConnection):
        def _create_urllib3_pool(self) -> None:
            super()._create_urllib3_pool()
            if config.proxy:
                self.pool = ProxiedPool(self.pool, config.proxy)

    options: dict[str, Any] = {}
    if config.username and config.password:
        options["http_auth"] = (config.username, config.password)
    if config.speaks_tls:
        context = config.trust.context()
        if config.fingerprint:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            options["ssl_assert_fingerprint"] = config.fingerprint
        options |= {"use_ssl": True, "ssl_context": context}
    warn_of_plain_text(config)
    return OpenSearch(
        [_host(url) for url in config.urls],
        connection_class=Connection,
        timeout=config.timeout_s,
        max_retries=len(config.urls) - 1,
        retry_on_status=(),
        retry_on_timeout=False,
        http_compress=not config.is_local,
        **options,
    )


def _host(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    host: dict[str, Any] = {"host": parts.hostname, "port": parts.port, "use_ssl": parts.scheme == "https"}
    return {**host, "url_prefix": parts.path} if parts.path else host


def _cause(error: Any) -> str:  # noqa: ANN401 - opensearchpy is imported only when used
    """Return what the connection said: the client keeps it in its error's `info`."""
    return cause(error.info if isinstance(error.info, BaseException) else error)
