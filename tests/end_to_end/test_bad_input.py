"""Bad input: one clear sentence, the documented exit code, and nothing lost."""

import json
import struct
import subprocess
import sys

import pytest

PCAP = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


def last_line(err):
    return err.strip().splitlines()[-1]


@pytest.mark.parametrize(("name", "content", "sentence"), [
    ("missing.pcap", None, "missing.pcap"),
    ("empty.pcap", b"", "empty"),
    ("text.pcap", b"this is no capture\n" * 9, "text.pcap"),
])  # fmt: skip
def test_what_is_no_capture_is_named(netad, name, content, sentence):
    """A missing, an empty and a text file: a sentence, exit code 3."""
    if content is not None:
        (netad.folder / name).write_bytes(content)
    _, err = netad("ingest", name, code=3)
    assert sentence in last_line(err)
    assert len(err.strip().splitlines()) == 1


def test_a_folder_without_captures(netad):
    """A directory in which nothing is a capture is named."""
    (netad.folder / "notes").mkdir()
    (netad.folder / "notes" / "readme.txt").write_text("nothing here")
    _, err = netad("ingest", "notes", code=3)
    assert "notes" in last_line(err)


def test_a_capture_without_packets_is_fine(netad):
    """Tcpdump rotates idle files too: nothing to see, nothing wrong."""
    (netad.folder / "idle.pcap").write_bytes(PCAP)
    netad("ingest", "idle.pcap")


def test_a_cut_capture_gives_what_it_holds(netad, samples):
    """A capture cut in the middle of a record: its packets count, the cut is named, exit code 3."""
    content = next((samples / "attacked").glob("*.pcap")).read_bytes()
    (netad.folder / "cut.pcap").write_bytes(content[: len(content) * 3 // 4 + 1])
    out, err = netad("ingest", "cut.pcap", "--model", samples / "model", "--format", "json", code=3)
    assert "cut.pcap" in err
    assert len(out.splitlines()) > 0
    assert all(json.loads(line) for line in out.splitlines())


def test_one_bad_file_does_not_cost_the_others(netad, samples):
    """What is readable is read; the rest is named."""
    (netad.folder / "text.pcap").write_text("not a capture, really not\n")
    good = next((samples / "attacked").glob("*.pcap"))
    out, err = netad("ingest", "text.pcap", good, "--model", samples / "model", "--format", "json", code=3)
    assert "text.pcap" in err
    assert out


def test_an_unknown_link_type_is_named(netad):
    """Packets of a link type that netad cannot decode are counted and told."""
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 147)
    (netad.folder / "odd.pcap").write_bytes(header + struct.pack("<IIII", 1, 0, 4, 4) + b"abcd")
    _, err = netad("ingest", "odd.pcap", code=3)
    assert "147" in last_line(err)


def test_a_model_of_another_feature_set(netad, samples):
    """A model that does not fit is refused before anything is read, exit code 2."""
    import shutil

    shutil.copytree(samples / "model", netad.folder / "model")
    manifest = netad.folder / "model" / "manifest.json"
    content = json.loads(manifest.read_text())
    content["features"] = {"names": content["features"]["names"][1:], "hash": "0"}
    manifest.write_text(json.dumps(content))
    _, err = netad("ingest", samples / "attacked", "--model", "model", code=2)
    assert "train" in last_line(err)


def test_a_missing_model(netad, samples):
    """A model folder that is not there is named, exit code 2."""
    _, err = netad("ingest", samples / "attacked", "--model", "nowhere", code=2)
    assert "nowhere" in last_line(err)


def test_another_window_than_the_models(netad, samples):
    """Scores of windows of different length cannot be compared: refused, exit code 2."""
    _, err = netad("ingest", samples / "attacked", "--model", samples / "model", "--window", "5m", code=2)
    assert "5m" in last_line(err)


def test_an_unreachable_elasticsearch_loses_nothing(netad, samples):
    """Nobody answers: events are spooled, the console still reports, exit code 4."""
    out, err = netad("ingest", samples / "attacked", "--model", samples / "model",
                     "--to", "elastic:http://127.0.0.1:9", "--to", "console", code=4)  # fmt: skip
    assert "anomaly score" in out.lower()
    assert "127.0.0.1:9" in err
    assert list((netad.folder / "spool" / "pending").glob("*.ndjson.gz"))


@pytest.mark.parametrize("arguments", [
    ["--to", "nowhere"], ["--model-type", "nothing"], ["--window", "soon"], ["--inside", "x"], ["--budget", "5"],
    ["--rules", "missing.yml"], ["--since", "yesterday"], ["--config", "missing.yml"],
])  # fmt: skip
def test_wrong_usage_ends_with_2(netad, samples, arguments):
    """A wrong value on the command line is one sentence."""
    _, err = netad("ingest", samples / "attacked", *arguments, code=2)
    assert arguments[1] in err


@pytest.mark.parametrize(("arguments", "start"), [
    ("flows {0}/attacked -o -", b'"first"'), ("ingest {0}/attacked --model {0}/model --format json", b'{"@timestamp"'),
    ("ingest {0}/attacked --model {0}/model", b"\n"),
])  # fmt: skip
def test_a_closed_pipe_is_no_error(netad, samples, arguments, start):
    """`netad ... | head` ends quietly."""
    command = f"{sys.executable} -m netad {arguments.format(samples)} | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, env=netad.environment, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(start)


@pytest.mark.corpus
@pytest.mark.parametrize("arguments", ["flows {0} -o flows.parquet", "ingest {0} --strict checksums --to console"])
def test_odd_and_damaged_files(netad, corpus, arguments):
    """Hundreds of files in every format and made to break decoders: a sentence each, little memory, within a minute."""
    inputs = f"{corpus / 'formats'} {corpus / 'malformed'}"
    # Through a small process: a child's peak memory begins with that of the process it was forked from.
    measuring = (
        "import resource, subprocess, sys\n"
        "code = subprocess.call(sys.argv[1:], stdout=sys.stderr)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(code, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)\n"
    )
    command = [sys.executable, "-c", measuring, sys.executable, "-m", "netad", *arguments.format(inputs).split()]
    done = subprocess.run(command, cwd=netad.folder, env=netad.environment, capture_output=True, check=True)
    code, seconds, peak = done.stdout.split()
    assert int(code) == 3, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert float(seconds) < 60
    assert int(peak) < 700_000_000
