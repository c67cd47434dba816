"""Nothing that leaves tells an address or the name of an inside host, whichever output it leaves by."""

import os
import re
import shutil
import socketserver
import threading
from ipaddress import ip_address

import orjson
import pyarrow.parquet as pq
import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from netad.outputs.stored import open_stored
from tests.ecs import faults
from tests.end_to_end.conftest import Netad

KEY = "5e" * 32
KINDS = ("anomaly", "flow", "profile", "run")
# Hosts of the sample office: the name of the first is in DNS, that of the second in the inventory.
INVENTORY = """address,name,roles,owner,criticality,mac
10.20.10.27,secretary-pc,workstation,somebody,high,00:00:5e:00:53:23
10.20.10.30,intern-pc,workstation,somebody,low,
"""
FEED = "203.0.113.0/24\nbeacon.example\n"
_V4 = re.compile(r"(?<![\d.])(\d{1,3})([.-])(\d{1,3})\2(\d{1,3})\2(\d{1,3})(?!\d)")
_V6 = re.compile(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*")


def addresses(text):
    """Every IP address in a text, as numbers: however it is written, and read backwards too."""
    found = set()
    for octets in _V4.findall(text):
        parts = [octets[0], *octets[2:]]
        if max(map(int, parts)) < 256:
            found |= {".".join(str(int(part)) for part in order) for order in (parts, parts[::-1])}
    for candidate in _V6.findall(text):
        try:
            found.add(str(ip_address(candidate)))
        except ValueError:
            continue
    return found


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """What enrichment needs, in a folder."""
    folder = tmp_path_factory.mktemp("known")
    (folder / "hosts.csv").write_text(INVENTORY)
    (folder / "feed.txt").write_text(FEED)
    (folder / "key").write_text(KEY)
    writer = MMDBWriter(ip_version=4, database_type="GeoLite2-Country")
    writer.insert_network(IPSet(["203.0.113.0/24"]), {"country": {"iso_code": "ZZ", "names": {"en": "Nowhere"}}})
    writer.to_db_file(str(folder / "country.mmdb"))
    return folder


@pytest.fixture(scope="module")
def known(files):
    """The flags that enrich."""
    return ("--inventory", files / "hosts.csv", "--threat-list", files / "feed.txt", "--geoip-db",
            files / "country.mmdb", "--flows", "all", "--profiles", "all")  # fmt: skip


@pytest.fixture(scope="module")
def plain(tmp_path_factory, samples, known):
    """The documents of the attacked day as they are."""
    netad = Netad(tmp_path_factory.mktemp("plain"))
    netad("ingest", samples / "attacked", "--model", samples / "model", *known, "--to", "ndjson:plain.ndjson",
          "--to", "parquet:store")  # fmt: skip
    return netad.folder


@pytest.fixture(scope="module")
def secrets(plain):
    """Every address of the plain documents, in text form, and the names of inside hosts."""
    found = addresses((plain / "plain.ndjson").read_text())
    assert len(found) > 60
    names = {"secretary-pc", "intern-pc", "somebody", "office.example", "00-00-5E-00-53-23"}
    assert all(name in (plain / "plain.ndjson").read_text() for name in names)
    return found, names


def told(text, secrets):
    """Which of the secrets a text tells."""
    hidden, names = secrets
    return (addresses(text) & hidden) | {name for name in names if name.lower() in text.lower()}


@pytest.fixture
def collector():
    """A syslog server over TCP: its address, and what it was sent."""
    got = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            got.append(self.rfile.read().decode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}", got
        server.shutdown()


def texts_of(folder):
    """All that a run wrote to files, as texts by name."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".ndjson", ".html", ".csv", ".log", ".json", ".txt"):
            yield path.name, path.read_text()
        elif path.suffix == ".parquet":
            yield path.name, str(pq.read_table(path).to_pylist())


def test_no_output_tells_an_address(netad, samples, known, files, secrets, collector):
    """JSON lines, Parquet, report, syslog and the console in both forms; with every kind of event, enriched."""
    url, got = collector
    arguments = ("ingest", samples / "attacked", "--model", samples / "model", *known, "--anonymize")
    key = {"NETAD_ANONYMIZE_KEY_FILE": str(files / "key"), "NETAD_KIBANA_URL": "https://kibana.example",
           "NETAD_OBSERVER": "10.20.10.254"}  # fmt: skip
    console, errors = netad(*arguments, "--to", "console", "--to", "ndjson:out.ndjson", "--to", "parquet:store",
                            "--to", "report:report.html", "--to", f"syslog:{url}", **key)  # fmt: skip
    as_json, _ = netad(*arguments, "--to", "console", "--format", "json", **key)
    (netad.folder / "console.txt").write_text(console + errors.replace("127.0.0.1", ""))
    (netad.folder / "console.ndjson").write_text(as_json)
    (netad.folder / "syslog.txt").write_text("".join(got))
    names = []
    for name, text in texts_of(netad.folder):
        names.append(name)
        assert told(text, secrets) == set(), name
        assert len(text) > 500, name
    assert {"out.ndjson", "report.html", "console.txt", "console.ndjson", "syslog.txt"} <= set(names)
    assert sum(name.endswith(".parquet") for name in names) >= len(KINDS)


def test_documents_in_disguise_are_as_the_tables_say(netad, samples, known, files, plain):
    """As many as without it, each with another id, that samples of flows, profiles and incidents agree upon."""
    netad("ingest", samples / "attacked", "--model", samples / "model", *known, "--anonymize", "--to", "parquet:store",
          NETAD_ANONYMIZE_KEY_FILE=str(files / "key"))  # fmt: skip
    stores = [open_stored(f"parquet:{folder / 'store'}") for folder in (netad.folder, plain)]
    for kind in KINDS:
        hidden, shown = (list(store.events(kind)) for store in stores)
        assert [fault for event in (*hidden, *shown) for fault in faults(event)] == []
        assert len(hidden) == len(shown) > 0
        if kind != "run":
            ids = [{event["event"]["id"] for event in events} for events in (hidden, shown)]
            assert len(ids[0]) == len(ids[1]) == len(hidden)
            assert not ids[0] & ids[1]
    flows = {event["event"]["id"] for event in stores[0].events("flow")}
    anomalies = list(stores[0].events("anomaly"))
    assert all(set(event["netad"]["anomaly"].get("sample_flow_ids", ())) <= flows for event in anomalies)
    profiles = [event["netad"]["profile"].get("anomaly_id") for event in stores[0].events("profile")]
    assert {event["event"]["id"] for event in anomalies} <= set(profiles)
    incidents = [len({event["netad"]["incident"]["id"] for event in store.events("anomaly")}) for store in stores]
    assert incidents[0] == incidents[1]


def test_the_same_key_makes_the_same_events(netad, samples, files):
    """So that reading a capture twice adds nothing, and rules are judged by the true addresses."""
    (netad.folder / "rules.yml").write_text(
        "rules:\n  - {id: r, comment: c, created_by: soc, permanent: true, match: {source.ip: 10.20.10.30}}\n"
    )
    arguments = ("ingest", samples / "attacked", "--model", samples / "model", "--rules", "rules.yml", "--anonymize")
    for _ in range(2):
        out, _ = netad(*arguments, "--to", "parquet:store", "--to", "console", NETAD_ANONYMIZE_KEY=KEY)
    assert "already there" in out
    events = list(open_stored(f"parquet:{netad.folder / 'store'}").events("anomaly"))
    assert any(event["netad"]["suppression"]["suppressed"] for event in events)


def test_masked_outputs_end_in_nought(netad, samples, known, secrets):
    """No whole address is left; networks are."""
    console, _ = netad("ingest", samples / "attacked", "--model", samples / "model", *known, "--mask", "--to",
                       "console", "--to", "ndjson:out.ndjson", "--to", "report:report.html")  # fmt: skip
    assert "10.20.10.0" in console
    hidden = {one for one in secrets[0] if ip_address(one).version == 4 and not one.endswith(".0")}
    for name, text in (("console", console), *texts_of(netad.folder)):
        assert {one for one in addresses(text) & hidden if not one.startswith("0.")} == set(), name
        assert not any(secret in text for secret in secrets[1]), name
    for line in (netad.folder / "out.ndjson").read_bytes().splitlines():
        assert faults(orjson.loads(line)) == []


@pytest.mark.parametrize("file", ["flows.parquet", "flows.csv", "flows.ndjson", "conn.log", "conn.json"])
def test_files_of_flows_tell_no_address(netad, samples, secrets, file):
    """Every format of `netad flows`; Community IDs are those of the other addresses."""
    netad("flows", samples / "attacked", "-o", file, "--community-id", "--anonymize", NETAD_ANONYMIZE_KEY=KEY)
    ((name, text),) = texts_of(netad.folder)
    assert name == file
    assert told(text, secrets) == set()
    assert len(addresses(text)) > 60


def test_a_report_of_stored_events_can_be_masked(netad, plain, secrets, files):
    """For those outside the house, while the store keeps everything."""
    netad("report", plain / "store", "--mask", "--source", "10.20.10.27", "-o", "masked.html")
    text = (netad.folder / "masked.html").read_text()
    assert "10.20.10.0" in text
    assert "10.20.10.27" not in text
    assert "secretary-pc" not in text
    (netad.folder / "netad.yaml").write_text(f"enrich: {{inventory: [{files / 'hosts.csv'}]}}\n")
    netad("report", plain / "store", "--config", "netad.yaml", "--anonymize", "-o", "other.html",
          NETAD_ANONYMIZE_KEY=KEY)  # fmt: skip
    text = (netad.folder / "other.html").read_text()
    assert addresses(text) & secrets[0] == set()
    assert "intern-pc" not in text


def test_without_a_key_nothing_is_read(netad, samples):
    """A wrong or missing key is a usage error, told in one sentence that never shows what was given."""
    _, err = netad("ingest", samples / "attacked", "--anonymize", code=2)
    assert "--anonymize needs a key in NETAD_ANONYMIZE_KEY" in err
    _, err = netad("ingest", samples / "attacked", "--anonymize", code=2, NETAD_ANONYMIZE_KEY="hunter2")
    assert "hunter2" not in err


def test_a_scan_tells_no_address_either(netad, samples, files, secrets):
    """The state remembers, so that the second run knows the names of the first; both hide what they tell."""
    (netad.folder / "in").mkdir()
    (netad.folder / "netad.yaml").write_text(
        f"inputs: in/*.pcap\nstate: state\nmodel: {samples / 'model'}\ninclude_current: true\n"
        f"outputs: ['ndjson:out/events.ndjson']\nflows: all\nprofiles: all\nenrich:\n  hide: anonymize\n"
        f"  inventory: {files / 'hosts.csv'}\n  threat_lists: {files / 'feed.txt'}\n"
    )
    (netad.folder / "out").mkdir()
    for day in ("normal", "attacked"):
        capture = netad.folder / "in" / f"{day}.pcap"
        shutil.copy(samples / day / f"{day}.pcap", capture)
        os.utime(capture, (1_772_700_000, 1_772_700_000))  # one that was written a moment ago would wait
        finish = ["--finish"] if day == "attacked" else []
        netad("scan", "netad.yaml", *finish, NETAD_ANONYMIZE_KEY_FILE=str(files / "key"))
    texts = [text for _, text in texts_of(netad.folder / "out")]
    events = [orjson.loads(line) for text in texts for line in text.splitlines()]
    assert {event["data_stream"]["dataset"] for event in events} >= {"netad.anomaly", "netad.flow", "netad.profile"}
    assert [fault for event in events for fault in faults(event)] == []
    assert any("threats" in event["netad"].get("evidence", {}) for event in events)
    assert told("".join(texts), secrets) == set()
