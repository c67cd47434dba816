import pytest


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
    assert "outside_time_range" in err


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
