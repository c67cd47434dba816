def test_flows_go_to_the_named_file(run, office, tmp_path):
    """The suffix says the format; the count is told on stderr."""
    code, out, err = run("flows", office, "-o", "flows.parquet")
    assert (code, out) == (0, "")
    assert "flows of" in err
    assert (tmp_path / "flows.parquet").stat().st_size > 0


def test_quiet_says_nothing(run, office):
    """-q keeps stderr empty."""
    assert run("flows", office, "-o", "flows.csv", "-q") == (0, "", "")


def test_an_unknown_format_is_refused(run, office):
    """A suffix that is no format is a usage error."""
    code, _, err = run("flows", office, "-o", "flows.xlsx")
    assert code == 2
    assert ".parquet, .csv, .ndjson, .log, .json" in err


def test_a_conn_log_is_written_from_a_compressed_capture(run, office, tmp_path):
    """A gzip of a capture is read like the capture, and .log is Zeek's format; a named format wins over the suffix."""
    import gzip

    capture = next(office.glob("*.pcap")) if office.is_dir() else office
    (tmp_path / "x.pcap.gz").write_bytes(gzip.compress(capture.read_bytes()))
    code, _, err = run("flows", tmp_path / "x.pcap.gz", "-o", "conn.log", "-q")
    assert (code, err) == (0, "")
    lines = (tmp_path / "conn.log").read_text().splitlines()
    assert lines[0] == "#separator \\x09"
    assert run("flows", capture, "-o", "conn.txt", "--format", "zeek", "-q")[0] == 0
    assert (tmp_path / "conn.txt").read_text().splitlines() == lines


def test_a_bomb_ends_its_input(run, tmp_path):
    """Too high a ratio is one sentence and exit code 3; --max-ratio lets it through."""
    import gzip
    import struct

    header = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    records = struct.pack("<IIII", 100, 0, 200_000, 200_000) + bytes(200_000)
    (tmp_path / "bomb.pcap.gz").write_bytes(gzip.compress(header + records * 50))
    code, _, err = run("flows", tmp_path / "bomb.pcap.gz", "-o", "x.csv", "--max-ratio", "100", "-q")
    assert code == 3
    assert "holds more than 100 bytes for each byte of its gzip data" in err
    assert run("flows", tmp_path / "bomb.pcap.gz", "-o", "x.csv", "--max-ratio", "5000", "-q")[0] == 0
