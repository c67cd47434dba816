"""Features of what a source asks DNS for: how many names, which kind of them, and what came back."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from netad.ingest.facts.batch import FactKind
from netad.ingest.facts.domains import label_entropy, registered_domains
from netad.profiles.family import FactFamily, Family
from netad.profiles.groups import Float64, Groups, distinct_pairs, ratio
from netad.profiles.registry import Feature
from netad.profiles.row_counts import RowCounts
from netad.profiles.row_facts import RowFacts

_NXDOMAIN, _NOERROR = 3, 0
# NULL and TXT (RFC 1035): room for what tunnels carry.
_CARRIERS = (10, 16)


def _queries(told: RowFacts, rows: RowCounts) -> Mapping[str, Float64]:
    names, row = told.facts["query"], told.row.astype(np.int64)
    codes, distinct = pd.factorize(names)
    distinct = np.asarray(distinct, dtype=object)
    domain_of = registered_domains(distinct) if len(distinct) else distinct
    row, code, _ = distinct_pairs(row, codes.astype(np.int64), max(len(distinct), 1))
    domains, _ = pd.factorize(domain_of)
    named = np.asarray(domain_of != "", dtype=bool)[code]
    below, domain, number = distinct_pairs(row[named], domains.astype(np.int64)[code[named]], max(len(distinct), 1))
    del domain
    most = np.zeros(rows.rows)
    np.maximum.at(most, below, number.astype(np.float64))
    entropy = label_entropy(distinct) if len(distinct) else np.empty(0)
    length = np.array([len(name) for name in distinct], dtype=np.float64)
    per_name = RowCounts(row, rows.rows)
    chosen = ~np.isnan(entropy[code])
    return {
        "dns_queries": rows.count,
        "dns_names": per_name.count,
        "dns_domains": np.bincount(below, minlength=rows.rows).astype(np.float64),
        "dns_names_per_domain_max": most,
        "dns_name_length_mean": per_name.mean(length[code]),
        "dns_name_length_max": per_name.max(length[code]),
        "dns_label_entropy": RowCounts(row[chosen], rows.rows).mean(entropy[code][chosen]),
    }


def _types(told: RowFacts, rows: RowCounts) -> Mapping[str, Float64]:
    return {"dns_carrier_share": rows.share(np.isin(told.facts["query_type"], _CARRIERS))}


def _answers(told: RowFacts, rows: RowCounts) -> Mapping[str, Float64]:
    rcode = told.facts["rcode"]
    return {
        "dns_nxdomain_share": rows.share(rcode == _NXDOMAIN),
        "dns_failed_share": rows.share((rcode > _NOERROR) & (rcode != _NXDOMAIN)),
        "dns_unanswered_share": rows.share(rcode < 0),
    }


def _sizes(told: RowFacts, rows: RowCounts) -> Mapping[str, Float64]:
    asked, answered = told.facts["query_bytes"], told.facts["answer_bytes"]
    known = asked >= 0
    part = RowCounts(told.row[known], rows.rows)
    return {"dns_bytes_per_query": part.mean((asked + np.maximum(answered, 0))[known].astype(np.float64))}


def _unresolved(groups: Groups) -> Mapping[str, Float64]:
    """Count flows to outside addresses that no answer had given; NaN where no answers are told of."""
    if "looked_up" not in groups.columns:
        return {}
    outside = ~groups.inside_destination[groups.destinations]
    return {"unresolved_share": ratio(groups.sum(outside & ~groups["looked_up"]), groups.sum(outside), np.nan)}


FACT_FAMILIES = (
    FactFamily(
        "names",
        FactKind.DNS,
        ("query",),
        (
            Feature("dns_queries", "DNS queries", "queries", "look-ups of the source", "log", "high"),
            Feature("dns_names", "DNS names", "names", "distinct names it looked up", "log", "high"),
            Feature("dns_domains", "DNS domains", "domains", "distinct registered domains of these names",
                    "log", "high"),
            Feature("dns_names_per_domain_max", "most names of a domain", "names",
                    "distinct names of the registered domain with the most of them", "log", "high"),
            Feature("dns_name_length_mean", "average name length", "characters", "mean length of the distinct names",
                    "log", "high"),
            Feature("dns_name_length_max", "longest name", "characters", "length of the longest name", "log", "high"),
            Feature("dns_label_entropy", "name entropy", "bits",
                    "mean over the distinct names of the entropy of their characters, public suffix left out",
                    "none", "high"),
        ),
        _queries,
    ),
    FactFamily(
        "names",
        FactKind.DNS,
        ("query_type",),
        (
            Feature("dns_carrier_share", "TXT and NULL share", "share", "share of the look-ups for TXT or NULL records",
                    "none", "high"),
        ),
        _types,
    ),
    FactFamily(
        "names",
        FactKind.DNS,
        ("rcode",),
        (
            Feature("dns_nxdomain_share", "NXDOMAIN share", "share", "share of the look-ups of names that do not exist",
                    "none", "high"),
            Feature("dns_failed_share", "failed look-up share", "share",
                    "share of the look-ups answered with another error", "none", "high"),
            Feature("dns_unanswered_share", "unanswered look-up share", "share",
                    "share of the look-ups whose answer was not seen", "none", "high"),
        ),
        _answers,
    ),
    FactFamily(
        "names",
        FactKind.DNS,
        ("query_bytes", "answer_bytes"),
        (
            Feature("dns_bytes_per_query", "bytes per look-up", "bytes",
                    "mean payload of question and answer where it is known", "log", "high"),
        ),
        _sizes,
    ),
)  # fmt: skip

FAMILIES = (
    Family(
        "names",
        ("resp_hi", "resp_lo"),
        (
            Feature("unresolved_share", "unresolved share", "share",
                    "share of the flows to outside addresses that no DNS answer had given before",
                    "none", "high"),
        ),
        _unresolved,
    ),
)  # fmt: skip
