"""`netad extract` from end to end: an anomaly is found, and its packets are taken out again."""

import urllib.request

import pytest

from netad.core.timing import parse_time
from netad.ingest.inputs import Source
from netad.outputs.store.stored import ParquetStored
from netad.outputs.stored import open_stored
from tests.ingest.frames import ethernet, ip4, udp
from tests.ingest.pcap_file import write_pcap
from tests.netad.extract.reference import filtered, records_of

HOUR = 3600 * 10**9


@pytest.fixture
def capture(office):
    return office / "attacked.pcap"


def packets(path):
    return records_of(Source(str(path)))


def test_the_packets_of_an_anomaly_by_its_id(run, tmp_path, capture, scanner):
    """Those of its window; with --flows-only those of the flows that it names, some of these."""
    store = tmp_path / "store"
    assert run("ingest", capture, "--to", f"parquet:{store}", "--flows", "all", "--budget", "1/10")[0] == 0
    event = next(one for one in ParquetStored(store).events() if one["source"]["ip"] == scanner)
    identity = event["event"]["id"]
    code, _, err = run("extract", identity, capture, "--store", f"parquet:{store}", "-o", "all.pcapng")
    assert code == 0
    since, until = parse_time(event["event"]["start"]), parse_time(event["event"]["end"])
    found = packets(tmp_path / "all.pcapng")
    assert found == filtered(packets(capture), f"{scanner}/32", since_ns=since, until_ns=until)
    assert f"{len(found):,} packets" in err
    code, _, err = run("extract", identity, capture, "--store", f"parquet:{store}", "-o", "some.pcap", "--flows-only")
    assert (code, "not hold" in err) == (0, False)
    some = packets(tmp_path / "some.pcap")
    named = event["netad"]["anomaly"]["sample_flow_ids"]
    flows = {one["event"]["id"]: one for one in ParquetStored(store).events("flow")}
    counted = sum(flows[one]["network"]["packets"] for one in named)
    assert len(some) == counted
    assert 0 < len(some) < len(found)


def test_a_source_in_a_window(run, tmp_path, capture, scanner):
    """By the time that is named, and by peer and port."""
    start = packets(capture)[0].time_ns
    window = f"{start // 10**9}/1h"
    code, _, err = run("extract", scanner, capture, "--window", window, "--port", "53", "-o", "x.pcap")
    wanted = filtered(packets(capture), f"{scanner}/32", ports=(53,), since_ns=start // 10**9 * 10**9,
                      until_ns=start // 10**9 * 10**9 + HOUR)  # fmt: skip
    assert (code, packets(tmp_path / "x.pcap")) == (0, wanted)
    assert len(wanted) > 0
    assert f"{len(wanted):,} packet" in err.splitlines()[0]
    assert "written to x.pcap" in err


def test_nothing_found_is_said_and_no_failure(run, tmp_path, capture):
    """The capture that is written is empty and whole."""
    code, out, err = run("extract", "198.51.100.1", capture, "-o", "x.pcap")
    assert (code, out, packets(tmp_path / "x.pcap")) == (0, "", [])
    assert err == "no packet of 198.51.100.1 in 1 capture: what was written to x.pcap is empty\n"
    assert run("extract", "-q", "198.51.100.1", capture, "-o", "x.pcap") == (0, "", "")


def test_captures_of_another_time_are_not_read(run, tmp_path):
    """It is told; --every-file reads them."""
    frame = ethernet(ip4(udp()))
    for name, first in (("early", 0), ("late", 100_000)):
        write_pcap(tmp_path / f"{name}.pcap", [(first, frame)])
    window = ("--until", str(1_700_000_000 + 3600))
    code, _, err = run("extract", "10.0.0.1", "early.pcap", "late.pcap", "-o", "x.pcap", *window)
    assert (code, err.splitlines()[-1]) == (
        0, "not read: 1 capture that by their times hold nothing of it (--every-file reads all)",
    )  # fmt: skip
    code, _, err = run("extract", "10.0.0.1", "early.pcap", "late.pcap", "-o", "x.pcap", *window, "--every-file")
    assert (code, "not read" in err) == (0, False)
    assert err.splitlines()[1] == "  early.pcap: 1 packet (42 bytes)"


def test_inputs_that_are_none(run, tmp_path, capture):
    """A log or a text among captures is named, exit code 3; without any capture nothing is written."""
    (tmp_path / "text").write_text("hello, this is text")
    code, _, err = run("extract", "10.0.0.1", capture, "text", "-o", "x.pcap")
    assert (code, "text: is neither a capture" in err) == (3, True)
    code, _, err = run("extract", "10.0.0.1", "text", "-o", "y.pcap")
    assert (code, (tmp_path / "y.pcap").exists()) == (3, False)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("office", "x.pcap", "-o", "y.pcap"), "'office' is neither the id of an event, an address nor a network"),
        (("10.0.0.1", "x.pcap", "-o", "y"), "name it .pcap or .pcapng"),
        (("10.0.0.1", "x.pcap", "-o", "x.pcap"), "x.pcap is one of the inputs"),
        (("10.0.0.1", "x.pcap", "-o", "y.pcap", "--flows-only"), "--flows-only needs an event"),
        (("10.0.0.1", "x.pcap", "-o", "y.pcap", "--window", "0/1h", "--since", "0"), "--window says all"),
        (("10.0.0.1", "x.pcap", "-o", "y.pcap", "--since", "9", "--until", "5"), "ends before it begins"),
        (("10.0.0.1", "x.pcap", "-o", "y.pcap", "--port", "http"), "'http' is no port"),
        (("019bab8f5f2a-5f1c0b6a9d3e4c77a1b2", "x.pcap", "-o", "y.pcap"), "netad-store"),
    ],
)
def test_what_makes_no_sense_is_refused(run, tmp_path, arguments, sentence):
    """In one sentence, exit code 2, and nothing is written."""
    write_pcap(tmp_path / "x.pcap", [(0, b"abc")])
    before = (tmp_path / "x.pcap").read_bytes()
    code, _, err = run("extract", *arguments)
    assert (code, sentence in err) == (2, True)
    assert not (tmp_path / "y.pcap").exists()
    assert (tmp_path / "x.pcap").read_bytes() == before


@pytest.mark.elastic
def test_an_anomaly_in_elasticsearch(run, tmp_path, capture, scanner, elastic_url, namespace, monkeypatch):
    """Event and flows are looked up there as in a local store."""
    monkeypatch.setenv("NETAD_NAMESPACE", namespace)
    assert run("ingest", capture, "--to", f"elastic:{elastic_url}", "--budget", "1/10")[0] == 0
    for kind in ("anomaly", "flow"):
        address = f"{elastic_url}/logs-netad.{kind}-{namespace}/_refresh"
        urllib.request.urlopen(urllib.request.Request(address, method="POST")).close()
    stored = open_stored(f"elastic:{elastic_url}").events()
    event = next(
        one for one in stored if one["data_stream"]["namespace"] == namespace and one["source"]["ip"] == scanner
    )
    asked = ("extract", event["event"]["id"], capture, "--store", f"elastic:{elastic_url}")
    assert run(*asked, "-o", "all.pcapng")[0] == 0
    assert run(*asked, "-o", "some.pcapng", "--flows-only")[0] == 0
    found, some = (packets(tmp_path / name) for name in ("all.pcapng", "some.pcapng"))
    assert 0 < len(some) < len(found)
    assert found == filtered(
        packets(capture), f"{scanner}/32",
        since_ns=parse_time(event["event"]["start"]), until_ns=parse_time(event["event"]["end"]),
    )  # fmt: skip
