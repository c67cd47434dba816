"""A folder that has all the places and files that the documentation's commands speak of."""

import gzip
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mmdb_writer import MMDBWriter
from netaddr import IPSet

from tests.docs.commands import ROOT

# Folders at the root of a file system; in the sandbox they lie below it.
PLACES = re.compile(r"(?<![\w./:-])/(?=(captures|etc/netad|opt/zeek|opt/netad|var/capture|var/lib/netad|var/log)\b)")
# Stand for ids of events; one in a page is as good as any other.
IDS = re.compile(r"\b(EVENT-ID|ID|[0-9a-f]{12}-[0-9a-f]{20})\b")
EARLIER = 1_772_700_000  # captures that were written a moment ago would wait for the next scan
HOST = "10.20.10.27"  # the sample's beacon

EVE = [
    {
        "timestamp": f"2026-03-0{2 + hour // 24}T{hour % 24:02}:{minute:02}:00.000000+0000",
        "event_type": "flow", "src_ip": f"10.1.0.{host}", "src_port": 40000 + minute, "dest_ip": f"10.1.1.{minute % 7}",
        "dest_port": 443, "proto": "TCP", "app_proto": "tls",
        "flow": {
            "pkts_toserver": 9, "pkts_toclient": 9, "bytes_toserver": 900, "bytes_toclient": 4000 + host,
            "start": f"2026-03-0{2 + hour // 24}T{hour % 24:02}:{minute:02}:00.000000+0000",
            "end": f"2026-03-0{2 + hour // 24}T{hour % 24:02}:{minute:02}:01.000000+0000", "state": "closed",
        },
    }
    for hour in (9, 10, 33) for host in range(9) for minute in range(0, 60, 12)
]  # fmt: skip
RULES = """
version: 1
rules:
  - id: known
    comment: the beacon of the sample, known to everybody
    created_by: soc
    expires: 2126-01-01
    match: {source.ip: 10.20.10.27}
tests:
  - name: the beacon is hidden
    event: {source.ip: 10.20.10.27}
    expect: suppress
"""


@dataclass(frozen=True)
class Sandbox:
    """The folder, and the id of an anomaly that its store and its files of events hold."""

    folder: Path
    event_id: str

    def text(self, command: str) -> str:
        """Return a command with the places and ids that are good here."""
        placed = PLACES.sub(f"{self.folder}/", command)
        return IDS.sub(self.event_id, placed)


def build(folder: Path, netad: Callable[..., None]) -> Sandbox:
    """Fill an empty folder, by netad itself where it makes such files; `netad` runs a command line."""
    _captures(folder, netad)
    _logs(folder, netad)
    netad("train", "captures/normal", "--model", "office")
    for name in ("office-new", "office-next", "office-3", *(f"var/lib/netad/{one}" for one in ("office", "model"))):
        shutil.copytree(folder / "office", folder / name)
    netad("train", "opt/zeek/logs/2026-03-01", "--model", "var/lib/netad/zeek")
    targets = ("parquet:netad-store", "ndjson:events.ndjson")
    inputs = ("captures/normal", "capture.pcap")
    netad("ingest", *inputs, "--model", "office", "--profiles", "all", *(f"--to={one}" for one in targets))
    for name in ("store", "var/lib/netad/store"):
        shutil.copytree(folder / "netad-store", folder / name)
    events = [json.loads(line) for line in (folder / "events.ndjson").read_text().splitlines()]
    alert = next(one for one in events if one["event"]["kind"] == "alert" and one["source"]["ip"] == HOST)
    (folder / "event.json").write_text(json.dumps(alert))
    _settings(folder, netad)
    _known(folder)
    for path in folder.rglob("*.pcap"):
        os.utime(path, (EARLIER, EARLIER))
    return Sandbox(folder, alert["event"]["id"])


def _known(folder: Path) -> None:
    """Write what is known of hosts: an inventory, a threat list, a database of places."""
    (folder / "hosts.csv").write_text(f"address,name,roles\n{HOST},desk-27,workstation\n")
    (folder / "feodo.txt").write_text("203.0.113.0/24\n")
    writer = MMDBWriter(ip_version=4, database_type="GeoLite2-City")
    writer.insert_network(IPSet(["203.0.113.0/24"]), {"country": {"iso_code": "ZZ"}})
    writer.to_db_file(str(folder / "GeoLite2-City.mmdb"))


def _captures(folder: Path, netad: Callable[..., None]) -> None:
    netad("sample", "--hours=4", "-o", "captures/normal")
    netad("sample", "--hours=2", "--day=3", "-o", "captures/this-week")
    attacks = ("--attack=scan", "--attack=beacon")
    netad("sample", "--hours=4", "--day=2", *attacks, "-o", ".", "--name=capture.pcap")
    shutil.copy(folder / "capture.pcap", folder / "today.pcap")
    (folder / "capture.pcap.gz").write_bytes(gzip.compress((folder / "capture.pcap").read_bytes(), 1))
    (folder / "var").mkdir()
    shutil.copytree(folder / "captures/this-week", folder / "var/capture")


def _logs(folder: Path, netad: Callable[..., None]) -> None:
    for name, capture in (("current", "capture.pcap"), ("2026-03-01", "captures/normal")):
        (folder / "opt/zeek/logs" / name).mkdir(parents=True)
        netad("flows", capture, "-o", f"opt/zeek/logs/{name}/conn.log", "-q")
    log = (folder / "opt/zeek/logs/current/conn.log").read_bytes()
    (folder / "conn.log.gz").write_bytes(gzip.compress(log))
    (folder / "var/log/suricata").mkdir(parents=True)
    for place in ("eve.json", "var/log/suricata/eve.json"):
        (folder / place).write_text("".join(f"{json.dumps(record)}\n" for record in EVE))


def _settings(folder: Path, netad: Callable[..., None]) -> None:
    """Write rules and settings; the latter from the pages that tell what to put into them."""
    (folder / "rules").mkdir()
    (folder / "rules/known-beacon.yml").write_text(RULES)
    (folder / "threshold.config").write_text("suppress gen_id 1, sig_id 0, track by_src, ip 10.9.0.9\n")
    (folder / "whitelist.conf").write_text('"IoCType","IoCValue","Direction","IgnoreType"\nip,10.9.0.9,src,alerts\n')
    netad("init", "etc/netad", "--inputs", "var/capture", "--model", "var/lib/netad/model", "--yes")
    placed = Sandbox(folder, "").text
    how_to = ROOT / "docs/how-to"
    (folder / "etc/netad/zeek.yaml").write_text(placed(block(how_to / "zeek-sensor.md", "inputs:")))
    (folder / "etc/netad/suricata.yaml").write_text(placed(block(how_to / "suricata-sensor.md", "inputs:")))
    (folder / "ours.yaml").write_text(block(how_to / "evaluating.md", "name: ours"))


def block(page: Path, first: str) -> str:
    """Return the lines of an indented block of a page that begins with `first`, up to an empty line."""
    lines = page.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.lstrip().startswith(first) and line[0] == " ")
    end = next(number for number in range(start, len(lines)) if not lines[number].strip())
    indent = len(lines[start]) - len(lines[start].lstrip())
    return "".join(f"{line[indent:]}\n" for line in lines[start:end])
