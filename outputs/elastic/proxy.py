"""Requests through an HTTP proxy, which the clients themselves do not know: CONNECT for https, whole URLs else."""

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from elastic_transport import Urllib3HttpNode
    from urllib3 import BaseHTTPResponse, HTTPConnectionPool

# What a pool of urllib3 knows of TLS, and the manager of a proxy's connections takes by the same name.
_TLS = ("cert_reqs", "ca_certs", "cert_file", "key_file", "assert_hostname", "assert_fingerprint")


class ProxiedPool:
    """Stands in the place of a client's pool of connections, and has the same trust in the server.

    `proxy` is a URL, with a user and password if the proxy asks for them; they go to the proxy only.
    """

    def __init__(self, pool: "HTTPConnectionPool", proxy: str) -> None:
        from urllib3 import ProxyManager, make_headers

        parts = urlsplit(proxy)
        asked = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}" if parts.username else None
        tls = {name: getattr(pool, name) for name in _TLS if getattr(pool, name, None) is not None}
        context = pool.conn_kw.get("ssl_context")
        self._server = f"{pool.scheme}://{f'[{pool.host}]' if ':' in pool.host else pool.host}:{pool.port}"
        self._timeout = pool.timeout
        self._manager = ProxyManager(
            f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",
            proxy_headers=make_headers(proxy_basic_auth=asked) if asked else None,
            **tls,
            **({"ssl_context": context} if context is not None else {}),
        )

    def urlopen(self, method: str, target: str, body: bytes | None = None, **options: Any) -> "BaseHTTPResponse":
        """Ask the server, as the pool would."""
        options = {"timeout": self._timeout, "redirect": False, **options}
        return self._manager.urlopen(method, self._server + target, body=body, **options)

    def close(self) -> None:
        """Close the connections."""
        self._manager.clear()


def node_class(own_authority: bool, proxy: str | None) -> "type[Urllib3HttpNode]":
    """Return the class of an Elasticsearch client's nodes, through a proxy if there is one.

    With an authority of our own in the client's TLS context only that one is trusted: the client would add the public
    ones to it.
    """
    from elastic_transport import Urllib3HttpNode

    class Node(Urllib3HttpNode):
        def __init__(self, config: Any) -> None:  # noqa: ANN401 - the client's NodeConfig
            super().__init__(config)
            if own_authority and hasattr(self.pool, "ca_certs"):
                self.pool.ca_certs = None
            if proxy is not None:
                self.pool = ProxiedPool(self.pool, proxy)  # type: ignore[assignment]  # all of a pool that nodes use

    return Node
