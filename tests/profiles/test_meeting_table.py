from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netad.ingest.facts.batch import FactBatch, FactKind
from netad.ingest.flows import CONN_STATES, FAILED_STATES, FlowBatch
from netad.profiles.meetings import MeetingKind, address_hash, numbers_hash, texts_hash


def port(record):
    number = {1: record["orig_port"], 58: record["orig_port"], 47: 0}.get(record["protocol"], record["resp_port"])
    return record["protocol"] << 16 | number


def item(kind, *numbers):
    return int(numbers_hash(kind, *(np.array([number], dtype=np.uint64) for number in numbers))[0])


def address(kind, record):
    pair = (np.array([record[name]], dtype=np.uint64) for name in ("resp_hi", "resp_lo"))
    return int(address_hash(kind, *pair)[0])


WHAT = {
    MeetingKind.DESTINATION: lambda r: address(MeetingKind.DESTINATION, r),
    MeetingKind.NETWORK: lambda r: address(MeetingKind.NETWORK, r),
    MeetingKind.PORT: lambda r: item(MeetingKind.PORT, port(r)),
    MeetingKind.STATE: lambda r: item(MeetingKind.STATE, r["protocol"] << 8 | r["conn_state"]),
}


@given(data=st.data())
def test_meetings_are_counted_as_by_hand(data, flow_lists, closed):
    """Destinations, networks, ports and states of each source with their flows and failures, nothing else."""
    records = data.draw(flow_lists())
    batch = closed(records)
    rows = {pair: k for k, pair in enumerate(zip(batch.frame["source_hi"], batch.frame["source_lo"], strict=True))}
    expected, failures = Counter(), Counter()
    for record in records:
        for kind, what in WHAT.items():
            key = (rows[record["orig_hi"], record["orig_lo"]], int(kind), what(record))
            expected[key] += 1
            failures[key] += CONN_STATES[record["conn_state"]] in FAILED_STATES
    met = batch.meetings
    keys = list(zip(met.row.tolist(), met.kind.tolist(), met.item.tolist(), strict=True))
    assert dict(zip(keys, met.count.tolist(), strict=True)) == expected
    assert dict(zip(keys, met.failed.tolist(), strict=True)) == failures
    assert [key[1::-1] for key in keys] == sorted(key[1::-1] for key in keys)


def test_what_an_input_does_not_tell_is_not_met(flow, closed):
    """Without states there are no states and no failures; without ports no ports."""
    met = closed([flow(state="S0")], without=["conn_state", "resp_port"]).meetings
    assert set(met.kind.tolist()) == {MeetingKind.DESTINATION, MeetingKind.NETWORK}
    assert met.failed.tolist() == [0, 0]


def test_services_are_met_where_they_are_named(flow, make_batch, closed):
    """A log's service is an item with its flows; unnamed ones are none."""
    batch = make_batch([flow(start=k) for k in range(4)])
    services = np.array(["dns", "", "dns", "ssl"], dtype=object)
    named = FlowBatch({**batch.columns, "service": services}, batch.inputs)
    met = closed([flow()], named).meetings.of_kind(MeetingKind.SERVICE)
    assert dict(zip(met.item.tolist(), met.count.tolist(), strict=True)) == {
        int(texts_hash(services)[0]): 2, int(texts_hash(services)[3]): 1
    }  # fmt: skip


def test_names_of_facts_are_met(flow, fact, closed):
    """Server names, TLS clients (JA4, else JA3) and user agents count by fact; empty ones are none."""
    tls = [
        fact(server_name="a.example.org", ja4="t13d"),
        fact(server_name="a.example.org", ja3="771"),
        fact(server_name="", ja4="t13d", ja3="771"),
    ]
    http = [fact(user_agent="curl/8"), fact(user_agent="")]
    batch = closed(
        [flow()],
        FactBatch.from_rows(FactKind.TLS, tls),
        FactBatch.from_rows(FactKind.HTTP, http),
    )
    met = {kind: batch.meetings.of_kind(kind) for kind in MeetingKind}
    assert met[MeetingKind.SERVER_NAME].count.tolist() == [2]
    assert sorted(met[MeetingKind.TLS_CLIENT].count.tolist()) == [1, 2]
    assert met[MeetingKind.USER_AGENT].item.tolist() == texts_hash(np.array(["curl/8"], dtype=object)).tolist()
