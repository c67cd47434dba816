"""`--explain`: one source in full, anomalous or not, on the console; other outputs get what they always get."""

import json

import pytest

from netad.core.errors import ConfigError
from netad.explaining import explain, explained_source
from netad.outputs.ndjson import NdjsonOutput


@pytest.fixture(scope="module")
def capture(office):
    return office / "attacked.pcap"


def test_an_address_is_explained_as_profiles_write_it():
    """Whatever form of IPv6 was typed; anything else is refused."""
    assert [explained_source(text) for text in ("10.1.2.3 ", "2001:DB8::0:1")] == ["10.1.2.3", "2001:db8::1"]
    with pytest.raises(ConfigError, match="--explain: 'office' is no address"):
        explained_source("office")


def test_outputs_that_do_not_explain_are_left_alone(tmp_path):
    """Files and servers get events as always."""
    explain("10.1.2.3", [], [("ndjson", NdjsonOutput(None))])


def test_an_anomalous_source_is_told_with_its_normal_windows(run, capture, scanner):
    """The block of its worst window, the others below; no other source; the closing lines as always."""
    code, out, _ = run("ingest", capture, "--explain", scanner, "--window", "15m")
    assert (code, out.splitlines()[1].split()[0]) == (0, scanner)
    assert "Suspicious sources" not in out
    assert "\n   Also seen: " in out
    assert "below the threshold" in out
    assert "\nFound: " in out


def test_a_normal_source_is_told_as_well(run, capture, scanner):
    """Its profile beside the baseline, its score and the threshold; in JSON its windows are no alerts."""
    code, out, _ = run("ingest", capture, "--explain", "10.20.10.5")
    assert (code, "below the threshold" in out.splitlines()[1]) == (0, True)
    assert "baseline median" in out
    assert scanner not in out.partition("\nNote: ")[0].splitlines()[1]
    code, out, _ = run("ingest", capture, "--explain", "10.20.10.5", "--format", "json")
    events = [json.loads(line) for line in out.splitlines()]
    assert {event["source"]["ip"] for event in events} == {"10.20.10.5"}
    assert {(event["event"]["kind"], event["event"].get("severity")) for event in events} == {("event", None)}
    assert all(event["netad"]["anomaly"]["score"] < event["netad"]["anomaly"]["threshold"] for event in events)


def test_other_outputs_get_every_anomaly(run, capture, scanner, tmp_path):
    """And nothing of what is normal."""
    assert run("ingest", capture, "--to", "ndjson:plain")[0] == 0
    assert run("ingest", capture, "--to", "ndjson:beside", "--to", "console", "--explain", "10.20.10.5")[0] == 0
    plain, beside = ([json.loads(line)["event"]["id"] for line in (tmp_path / name).read_text().splitlines()]
                     for name in ("plain", "beside"))  # fmt: skip
    assert sorted(plain) == sorted(beside)


def test_a_source_without_flows_is_said(run, capture):
    """A typing error looks like this."""
    code, out, _ = run("ingest", capture, "--explain", "10.99.99.99")
    assert (code, out.startswith("Nothing was seen of 10.99.99.99")) == (0, True)


def test_it_needs_the_console(run, capture):
    """Else nobody would be told."""
    code, _, err = run("ingest", capture, "--to", "ndjson:x", "--explain", "10.20.10.5")
    assert (code, "add --to console" in err) == (2, True)


def test_rules_that_hide_it_are_named(run, capture, scanner, tmp_path):
    """An explained source is shown all the same."""
    (tmp_path / "rules.yml").write_text(
        "rules:\n  - {id: known, comment: our own scanner, created_by: soc, permanent: true, "
        f"match: {{source.ip: {scanner}}}}}\n"
    )
    code, out, _ = run("ingest", capture, "--explain", scanner, "--rules", "rules.yml")
    assert (code, "Suppressed by rule known of soc: our own scanner" in out) == (0, True)
