"""Filters and queries to copy."""

import shlex
import shutil
import subprocess

import pytest

from netad.outputs.report.commands import ZEEK_FIELDS, commands
from tests.kql import fields_of, to_query

START, END = 1768111200, 1768114800


def by_name(event, paths=()):
    return {command.name: command.text for command in commands(event, paths)}


def test_packets_are_filtered_by_address_and_time(beacon):
    """The same filter for the window and the terminal, where the capture's name is quoted."""
    found = by_name(beacon, ["", "captures/it's here.pcap"])
    display = f"ip.addr == 10.4.2.2 && frame.time_epoch >= {START} && frame.time_epoch < {END}"
    assert found["Wireshark"] == display
    assert shlex.split(found["tshark"]) == ["tshark", "-r", "captures/it's here.pcap", "-Y", display]
    assert shlex.split(by_name(beacon)["tshark"])[2] == "capture.pcap"
    assert shlex.split(by_name(beacon, ["-o evil"])["tshark"])[2] == "capture.pcap"


def test_ipv6_has_its_own_field(anomaly_events):
    """The same questions for the other family."""
    found = by_name(anomaly_events[2])
    assert found["Wireshark"].startswith("ipv6.addr == fd00::5 && ")
    assert '$3 == "fd00::5"' in found["Zeek"]


def test_the_kibana_query_asks_for_the_source_and_the_window(beacon):
    """Events of every kind, of one address and an hour."""
    query = by_name(beacon)["KQL"]
    assert fields_of(query) == {"event.module", "related.ip", "@timestamp"}
    assert {"range": {"@timestamp": {"gte": "2026-01-11T06:00:00.000Z"}}} in to_query(query)["bool"]["filter"]
    assert beacon["@timestamp"] == "2026-01-11T07:00:00.000Z"
    assert query.endswith('<= "2026-01-11T07:00:00.000Z"')


def test_zeek_columns_are_those_the_condition_asks_for(beacon):
    """Awk counts columns as zeek-cut prints them."""
    text = by_name(beacon)["Zeek"]
    assert (ZEEK_FIELDS[0], ZEEK_FIELDS[2], ZEEK_FIELDS[4]) == ("ts", "id.orig_h", "id.resp_h")
    assert shlex.split(text.partition("| ")[2]) == [
        "awk", "-F\\t", f'$1 >= {START} && $1 < {END} && ($3 == "10.4.2.2" || $5 == "10.4.2.2")',
    ]  # fmt: skip


@pytest.mark.skipif(shutil.which("awk") is None, reason="there is no awk")
def test_the_zeek_condition_keeps_the_connections_of_the_source_in_the_window(beacon):
    """Either end may be the source; other times and addresses are left out."""
    condition = by_name(beacon)["Zeek"].partition("| ")[2]
    rows = [(START, "10.4.2.2", "192.0.2.1"), (END - 1, "192.0.2.1", "10.4.2.2"), (END, "10.4.2.2", "192.0.2.1"),
            (START - 1, "10.4.2.2", "192.0.2.1"), (START, "10.4.2.20", "192.0.2.1")]  # fmt: skip
    lines = [f"{when}.25\tC{number}\t{orig}\t50000\t{resp}\t443" for number, (when, orig, resp) in enumerate(rows)]
    done = subprocess.run(shlex.split(condition), input="\n".join(lines), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == lines[:2]


@pytest.mark.parametrize("source", ["10.0.0.1; rm -rf /", "fe80::1%';id;'", "", "a host"])
def test_what_is_no_address_makes_no_command(beacon, source):
    """Text from outside never gets into a shell."""
    beacon["source"]["ip"] = source
    assert commands(beacon) == []
