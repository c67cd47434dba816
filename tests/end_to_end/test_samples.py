"""The demo: a normal day is learnt, an attacked day is judged by it."""

import itertools
import json
import struct


def labels(samples):
    return json.loads(next((samples / "attacked").glob("*labels.json")).read_text())


def anomalies(out):
    return [json.loads(line) for line in out.splitlines()]


def test_a_scan_and_a_brute_force_stand_out(netad, samples):
    """The loud attackers are found by name, and the normal office is mostly left in peace."""
    out, _ = netad("ingest", samples / "attacked", "--model", samples / "model", "--format", "json")
    found = {event["source"]["ip"] for event in anomalies(out)}
    truth = {attack["name"]: attack["source"] for attack in labels(samples)["attacks"]}
    assert truth["scan"] in found
    assert truth["brute-force"] in found
    assert truth["beacon"] in found
    assert len(found - set(truth.values())) <= 2


def test_the_report_names_what_operators_ask_for(netad, samples):
    """Each block carries the figures operators know, beside the baseline."""
    out, _ = netad("ingest", samples / "attacked", "--model", samples / "model")
    lowered = out.lower()
    for figure in ("anomaly score", "unique destinations", "unique source ports", "unique destination ports",
                   "average packet length", "maximum packet length", "total packets", "port ratio",
                   "packets per destination"):  # fmt: skip
        assert figure in lowered, figure


def test_without_a_model_the_report_says_so(netad, samples):
    """A capture that is its own baseline is told apart from one that was judged by a model."""
    out, _ = netad("ingest", samples / "attacked")
    assert "own baseline" in out.replace("\n", " ")


def test_a_normal_day_is_quiet(netad, samples):
    """A second normal day raises hardly an alarm against the model of the first."""
    netad("sample", "--day", "3", "-o", "another")
    out, _ = netad("ingest", "another", "--model", samples / "model", "--format", "json")
    assert len(anomalies(out)) <= 3


def test_a_rule_marks_and_keeps_the_event(netad, samples):
    """A suppressed event still ships, with rule, owner and reason, and the same score."""
    source = next(a["source"] for a in labels(samples)["attacks"] if a["name"] == "scan")
    netad.folder.joinpath("rules.yml").write_text(
        f"rules:\n  - id: scanner\n    comment: weekly scan\n    created_by: soc\n    permanent: true\n"
        f"    match:\n      source.ip: {source}\n"
    )
    arguments = ("ingest", samples / "attacked", "--model", samples / "model", "--format", "json")
    plain, _ = netad(*arguments)
    ruled, _ = netad(*arguments, "--rules", "rules.yml")
    before, after = anomalies(plain), anomalies(ruled)
    assert [event["event"]["id"] for event in before] == [event["event"]["id"] for event in after]
    marked = [event for event in after if event["netad"]["suppression"]["suppressed"]]
    assert {event["source"]["ip"] for event in marked} == {source}
    assert marked[0]["netad"]["suppression"]["rule_ids"] == ["scanner"]
    assert [event["netad"]["anomaly"]["score"] for event in before] == [e["netad"]["anomaly"]["score"] for e in after]


def test_runs_agree_whatever_the_files(netad, samples):
    """A capture cut into rotated files, given in any order, makes the same events as the whole."""
    source = next((samples / "attacked").glob("*.pcap"))
    content = source.read_bytes()
    starts, offset = [], 24
    while offset < len(content):
        starts.append(offset)
        offset += 16 + struct.unpack_from("<I", content, offset + 8)[0]
    cuts = [*starts[:: len(starts) // 4 + 1], len(content)]
    for number, (first, last) in enumerate(itertools.pairwise(cuts)):
        (netad.folder / f"part{3 - number}.pcap").write_bytes(content[:24] + content[first:last])
    whole, _ = netad("ingest", source, "--model", samples / "model", "--format", "json")
    parts, _ = netad("ingest", "part*.pcap", "--model", samples / "model", "--format", "json")
    assert [stable(event) for event in anomalies(parts)] == [stable(event) for event in anomalies(whole)]


def stable(event):
    """An event without the fields that name the run."""
    return {key: value for key, value in event.items() if key not in {"agent", "log"}} | {
        "event": {key: value for key, value in event["event"].items() if key not in {"created", "ingested"}},
        "netad": {key: value for key, value in event["netad"].items() if key != "run"},
    }


def test_stdin_is_an_input(netad, samples):
    """`-` reads a capture from a pipe."""
    content = next((samples / "attacked").glob("*.pcap")).read_bytes()
    piped, _ = netad("ingest", "-", "--model", samples / "model", "--format", "json", stdin=content)
    named, _ = netad("ingest", samples / "attacked", "--model", samples / "model", "--format", "json")
    assert [stable(event) for event in anomalies(piped)] == [stable(event) for event in anomalies(named)]


def test_flows_and_profiles_on_their_own(netad, samples):
    """The intermediate results are readable tables that agree with each other."""
    import pyarrow.csv
    import pyarrow.parquet

    netad("flows", samples / "attacked", "-o", "flows.parquet")
    netad("flows", samples / "attacked", "-o", "flows.csv")
    netad("flows", samples / "attacked", "-o", "flows.ndjson")
    netad("profiles", samples / "attacked", "-o", "profiles.parquet")
    flows = pyarrow.parquet.read_table(netad.folder / "flows.parquet")
    assert pyarrow.csv.read_csv(netad.folder / "flows.csv").num_rows == flows.num_rows
    assert len((netad.folder / "flows.ndjson").read_text().splitlines()) == flows.num_rows
    profiles = pyarrow.parquet.read_table(netad.folder / "profiles.parquet").to_pandas()
    sent = flows.to_pandas().groupby("orig_addr")["orig_packets"].sum()
    by_source = profiles.groupby("source")["packets_out"].sum()
    assert (sent.reindex(by_source.index) == by_source).all()
