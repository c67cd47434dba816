import csv
import io
import json

import dpkt
import pytest

from tests.ingest.frames import ethernet, ip4, sound, udp


def test_the_file_sets_what_flags_do_not(run, office, tmp_path):
    """--config is read, and a flag overrides it."""
    (tmp_path / "netad.yml").write_text("window: 15m\n")
    run("profiles", office, "-o", "a.csv", "--config", "netad.yml")
    run("profiles", office, "-o", "b.csv", "--config", "netad.yml", "--window", "1h")
    lines = [len((tmp_path / name).read_text().splitlines()) for name in ("a.csv", "b.csv")]
    assert lines[0] > lines[1]


def test_since_and_until_bound_what_is_read(run, office):
    """Packets outside the range are counted as left out."""
    _, _, err = run("flows", office, "-o", "flows.csv", "--until", "2026-03-03T09:00:00Z")
    assert "outside time range" in err


def test_tunnels_are_opened_unless_forbidden(run, tmp_path):
    """Flows are those inside tunnels and name them; with --no-decap the tunnels' own."""
    frames = [ethernet(ip4(udp(b"\x08" + bytes(7) + ethernet(ip4(udp(), src="172.16.0.1")), 40000, 4789)))]
    stream = io.BytesIO()
    dpkt.pcap.Writer(stream).writepkts((1_700_000_000 + time, frame) for time, frame in enumerate(frames))
    (tmp_path / "tunnel.pcap").write_bytes(stream.getvalue())
    rows = []
    for flags in ((), ("--no-decap",)):
        assert run("flows", "tunnel.pcap", "-o", "flows.csv", *flags)[0] == 0
        rows += csv.DictReader((tmp_path / "flows.csv").read_text().splitlines())
    assert [(row["orig_addr"], row["resp_port"], row["tunnel"]) for row in rows] == [
        ("172.16.0.1", "53", "vxlan"), ("10.0.0.1", "4789", "")]  # fmt: skip


def test_strict_reading(run, tmp_path):
    """--strict leaves out what it names and says how much; without it, and with none, everything counts."""
    frames = [ethernet(packet) for packet in (sound(ip4(udp())), ip4(udp()), sound(ip4(udp(), length=200)))]
    stream = io.BytesIO()
    dpkt.pcap.Writer(stream).writepkts((1_700_000_000 + time, frame) for time, frame in enumerate(frames))
    (tmp_path / "a.pcap").write_bytes(stream.getvalue())
    counted = {}
    for flags in ((), ("--strict", "none"), ("--strict", "lengths"), ("--strict", "checksums")):
        code, _, err = run("flows", "a.pcap", "-o", "flows.csv", *flags)
        assert code == 0
        (row,) = csv.DictReader((tmp_path / "flows.csv").read_text().splitlines())
        counted[flags] = row["orig_packets"], "length beyond frame" in err, "bad ip checksum" in err
    assert list(counted.values()) == [("3", False, False)] * 2 + [("2", True, False), ("1", True, True)]


@pytest.mark.parametrize("flag", ["-v", "-vv", "-q"])
def test_verbosity_flags_are_taken(run, office, flag):
    """Each verbosity works on every command."""
    assert run("flows", office, "-o", "flows.csv", flag)[0] == 0


def test_the_log_file_takes_the_messages(run, office, tmp_path):
    """--log-file and --log-format json together write ECS lines."""
    (tmp_path / "text.pcap").write_text("no capture at all\n")
    code, _, err = run("ingest", office, "text.pcap", "--log-file", "log", "--log-format", "json")
    assert code == 3
    assert "text.pcap" not in err
    assert '"message":"text.pcap' in (tmp_path / "log").read_text()


def test_json_messages_stay_json_to_the_end(run):
    """With --log-format json the sentence that ends a run is a JSON line too, and nothing else is on stderr."""
    code, _, err = run("flows", "missing.pcap", "-o", "flows.csv", "--log-format", "json")
    assert code == 3
    assert [json.loads(line)["message"] for line in err.splitlines()] == ["missing.pcap: does not exist"]


def test_a_log_file_does_not_hide_why_a_run_ended(run, tmp_path):
    """The last sentence is in the log file and on stderr."""
    _, _, err = run("profiles", "missing.pcap", "-o", "profiles.csv", "--log-file", "log")
    assert err == "netad: missing.pcap: does not exist\n" == (tmp_path / "log").read_text()


@pytest.mark.parametrize("command", ["flows", "profiles"])
def test_a_skipped_input_is_told_even_quietly(run, office, command):
    """-q leaves out what is not needed; why the exit code is 3 is."""
    code, out, err = run(command, office, "missing.pcap", "-o", "out.csv", "-q")
    assert (code, out, err) == (3, "", "netad: missing.pcap: does not exist\n")


def test_standard_output_has_a_name(run, office):
    """`-` is not a file's name."""
    assert "written to standard output" in run("profiles", office, "-o", "-")[2]
