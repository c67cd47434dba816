"""Features of how a source introduces itself: TLS and HTTP clients, server names, encrypted look-ups."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.facts.encrypted_dns import EncryptedDns, encrypted_dns_of_tls
from netad.profiles.family import FactFamily
from netad.profiles.groups import Float64, distinct_pairs
from netad.profiles.registry import Feature
from netad.profiles.row_counts import RowCounts
from netad.profiles.row_facts import RowFacts


def _distinct(told: RowFacts, column: str, rows: RowCounts) -> Float64:
    """Count the distinct texts of each row; empty ones do not count."""
    texts = told.facts[column]
    named = np.asarray(texts != "", dtype=bool)
    codes, distinct = pd.factorize(texts[named])
    row, _, _ = distinct_pairs(told.row[named].astype(np.int64), codes.astype(np.int64), max(len(distinct), 1))
    return np.bincount(row, minlength=rows.rows).astype(np.float64)


def _server_names(told: RowFacts, rows: RowCounts) -> Mapping[str, Float64]:
    nameless = np.asarray(told.facts["server_name"] == "", dtype=bool)
    return {
        "tls_greetings": rows.count,
        "tls_nameless_share": rows.share(nameless),
        "tls_server_names": _distinct(told, "server_name", rows),
        "encrypted_dns_share": rows.share(_encrypted_dns(told.facts)),
    }


def _encrypted_dns(tls: FactBatch) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.asarray(encrypted_dns_of_tls(tls) != EncryptedDns.NONE)


def _tls_clients(column: str, name: str) -> FactFamily:
    def count(told: RowFacts, rows: RowCounts) -> Mapping[str, Float64]:
        return {f"{column}_clients": _distinct(told, column, rows)}

    feature = Feature(f"{column}_clients", f"distinct {name}", "clients", f"distinct {name} of the source's greetings",
                      "log", "high")  # fmt: skip
    return FactFamily("names", FactKind.TLS, (column,), (feature,), count)


def _requests(told: RowFacts, rows: RowCounts) -> Mapping[str, Float64]:
    agentless = np.asarray(told.facts["user_agent"] == "", dtype=bool)
    return {
        "http_requests": rows.count,
        "user_agents": _distinct(told, "user_agent", rows),
        "agentless_share": rows.share(agentless),
    }


def _hosts(told: RowFacts, rows: RowCounts) -> Mapping[str, Float64]:
    return {"http_hosts": _distinct(told, "host", rows)}


FACT_FAMILIES = (
    FactFamily(
        "names",
        FactKind.TLS,
        ("server_name",),
        (
            Feature("tls_greetings", "TLS greetings", "greetings", "TLS connections the source greeted on",
                    "log", "both"),
            Feature("tls_nameless_share", "nameless TLS share", "share",
                    "share of these greetings that name no server", "none", "high"),
            Feature("tls_server_names", "TLS server names", "names", "distinct server names it greeted", "log", "high"),
            Feature("encrypted_dns_share", "encrypted DNS share", "share",
                    "share of these greetings that go to DNS over TLS or HTTPS, by port and server name",
                    "none", "high"),
        ),
        _server_names,
    ),
    _tls_clients("ja3", "JA3"),
    _tls_clients("ja4", "JA4"),
    FactFamily(
        "names",
        FactKind.HTTP,
        ("user_agent",),
        (
            Feature("http_requests", "HTTP requests", "requests", "HTTP requests of the source", "log", "high"),
            Feature("user_agents", "user agents", "user agents", "distinct user agents it named", "log", "high"),
            Feature("agentless_share", "agentless share", "share", "share of the requests that name no user agent",
                    "none", "high"),
        ),
        _requests,
    ),
    FactFamily(
        "names",
        FactKind.HTTP,
        ("host",),
        (Feature("http_hosts", "HTTP hosts", "names", "distinct hosts it asked", "log", "high"),),
        _hosts,
    ),
)  # fmt: skip
