"""Tests of netad.ingest.community_id."""

import base64
import hashlib
import ipaddress
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.addresses import parse_address
from netad.ingest.community_id import canonical_columns, canonical_tuple, community_id, community_ids, icmp_counterpart
from netad.ingest.flows import DTYPES, FlowBatch

A4, B4 = "192.0.2.1", "198.51.100.2"
A6, B6 = "2001:db8::1", "2001:db8:0:1::"

# Protocol, originator, responder, ports as the flow table writes them; then the ends and ports as they are hashed.
TABLE = [
    (6, A4, B4, 50000, 443, (A4, B4, 50000, 443)),
    (6, B4, A4, 443, 50000, (A4, B4, 50000, 443)),
    (6, A4, A4, 443, 80, (A4, A4, 80, 443)),  # one address: the ports decide
    (17, B6, A6, 53, 60000, (A6, B6, 60000, 53)),
    (132, A4, B4, 2905, 2906, (A4, B4, 2905, 2906)),
    (1, A4, B4, 8, 0, (A4, B4, 8, 0)),  # echo request, with its code and with its counterpart alike 0
    (1, B4, A4, 0, 8, (A4, B4, 8, 0)),  # echo reply, with its counterpart
    (1, B4, A4, 0, 0, (A4, B4, 8, 0)),  # echo reply, with its code
    (1, B4, A4, 11, 1, (B4, A4, 11, 1)),  # time exceeded goes one way and is not turned
    (58, A6, B6, 128, 129, (A6, B6, 128, 129)),
    (58, A6, B6, 128, 0, (A6, B6, 128, 129)),
    (58, B6, A6, 136, 0, (A6, B6, 135, 136)),
    (58, B6, A6, 1, 4, (B6, A6, 1, 4)),
    (47, B4, A4, 0, 0, (A4, B4)),  # no ports are hashed
    (47, A4, B4, 7, 8, (A4, B4)),
]


def by_the_specification(protocol: int, hashed: tuple, seed: int = 0) -> str:
    """Return the identifier of ends and ports that are in order, built as the specification's pseudo code does."""
    ends = b"".join(ipaddress.ip_address(end).packed for end in hashed[:2])
    ports = b"".join(struct.pack("!H", port) for port in hashed[2:])
    digest = hashlib.sha1(
        struct.pack("!H", seed) + ends + struct.pack("!BB", protocol, 0) + ports, usedforsecurity=False
    )
    return "1:" + base64.b64encode(digest.digest()).decode()


addresses = st.one_of(
    st.tuples(st.just(0), st.integers(0xFFFF << 32, (0xFFFF << 32) + 3)),
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
flows = st.tuples(st.sampled_from([1, 6, 17, 47, 58, 132]), addresses, addresses, *[st.integers(0, 65535)] * 2)


@pytest.mark.parametrize(("protocol", "orig", "resp", "orig_port", "resp_port", "hashed"), TABLE)
@pytest.mark.parametrize("seed", [0, 1, 65535])
def test_every_kind_of_flow_as_the_specification_says(protocol, orig, resp, orig_port, resp_port, hashed, seed):
    """Ports, ICMP with code or counterpart type, one-way ICMP, protocols without ports, and the seed."""
    found = community_id(protocol, *parse_address(orig), *parse_address(resp), orig_port, resp_port, seed=seed)
    assert found == by_the_specification(protocol, hashed, seed)


@given(flows)
def test_both_directions_are_one_flow(flow):
    """Swapping the ends changes nothing but for one-way ICMP messages, which keep their direction."""
    protocol, orig, resp, orig_port, resp_port = flow
    there = canonical_tuple(protocol, *orig, *resp, orig_port, resp_port)
    if protocol in (1, 58):
        counterpart = icmp_counterpart(protocol, orig_port)
        if counterpart is None:
            assert there == (protocol, *orig, *resp, orig_port, resp_port)
            return
        resp_port = counterpart
    back = canonical_tuple(protocol, *resp, *orig, resp_port, orig_port)
    assert there == back
    assert community_id(*there) == community_id(protocol, *orig, *resp, orig_port, resp_port)


def test_counterparts_go_both_ways():
    """The answer to an answer is the request, for every type that has one."""
    for protocol, count in ((1, 10), (58, 12), (6, 0)):
        pairs = {kind: other for kind in range(256) if (other := icmp_counterpart(protocol, kind)) is not None}
        assert len(pairs) == count
        assert all(pairs[other] == kind for kind, other in pairs.items())


def test_an_ipv4_address_against_an_ipv6_one_does_not_fail():
    """Such a pair, which only damaged input can hold, gets an identifier of its own."""
    v4, v6 = parse_address(A4), parse_address(A6)
    assert community_id(6, *v4, *v6, 1, 2) == community_id(6, *v6, *v4, 2, 1) != community_id(6, *v4, *v4, 1, 2)


def test_a_whole_batch():
    """A batch gives one identifier a row, repeated endpoints included, and an empty batch an empty array."""
    names = ("protocol", "orig_hi", "orig_lo", "resp_hi", "resp_lo", "orig_port", "resp_port")
    rows = [
        (protocol, *parse_address(orig), *parse_address(resp), *ports) for protocol, orig, resp, *ports, _ in TABLE * 2
    ]
    columns = {name: np.array([row[at] for row in rows], dtype=DTYPES[name]) for at, name in enumerate(names)}
    for seed in (0, 1):
        ids = community_ids(FlowBatch(columns), seed)
        assert ids.dtype == object
        assert ids.tolist() == [by_the_specification(protocol, hashed, seed) for protocol, *_, hashed in TABLE * 2]
    assert len(community_ids(FlowBatch.concat([]))) == 0


@given(st.lists(flows, max_size=8), st.integers(0, 65535))
def test_columns_say_what_single_flows_do(some, seed):
    """Computed by column or flow by flow, canonical ends and identifiers are the same."""
    names = ("protocol", "orig_hi", "orig_lo", "resp_hi", "resp_lo", "orig_port", "resp_port")
    rows = [(protocol, *orig, *resp, *ports) for protocol, orig, resp, *ports in some]
    columns = {name: np.array([row[at] for row in rows], dtype=DTYPES[name]) for at, name in enumerate(names)}
    batch = FlowBatch(columns)
    assert list(zip(*(column.tolist() for column in canonical_columns(batch)), strict=True)) == [
        canonical_tuple(*row) for row in rows
    ]
    assert community_ids(batch, seed).tolist() == [community_id(*row, seed=seed) for row in rows]


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "seed"), [("baseline_deflt.json", 0), ("baseline_seed1.json", 1), ("baseline_nob64.json", 0)]
)
def test_every_vector_of_the_specification(corpus: Path, name, seed):
    """Every flow tuple of the reference data gives the reference identifier."""
    vectors = json.loads((corpus / "communityid" / "spec" / name).read_text())
    assert len(vectors) == 23
    for vector in vectors:
        ends = (*parse_address(vector["saddr"]), *parse_address(vector["daddr"]))
        ports = vector.get("sport") or 0, vector.get("dport") or 0
        found = community_id(vector["proto"], *ends, *ports, seed=seed)
        if "nob64" in name:
            found = "1:" + base64.b64decode(found[2:]).hex()
        assert found == vector["communityid"], vector
