import pytest

from netad.core.errors import ConfigError
from netad.outputs.enrich import threat_lists as module
from netad.outputs.enrich.threat_lists import Hit, ThreatLists

JA3 = "e7d705a3286e19ea42f587b344ee6865"
JA4 = "t13d1516h2_8daaf6152771_02713d6af862"


@pytest.fixture
def feed(tmp_path):
    """A list with every kind of indicator, comments and an odd line."""
    path = tmp_path / "feed.txt"
    path.write_text(f"# made today\n198.51.100.0/24\n198.51.100.7 ; c2\n2001:DB8::/32\n\nBad.Example // dga\n"
                    f"*.worse.example\n{JA3}\n{JA4}\nwhat is this\n")  # fmt: skip
    return path


def test_addresses_domains_and_fingerprints_are_found(feed):
    """Narrow networks first; names below a listed domain; nothing else."""
    lists = ThreatLists.load([str(feed)])
    assert list(lists.of_address("198.51.100.7")) == [
        Hit("feed", "address", "198.51.100.7", "198.51.100.7"),
        Hit("feed", "address", "198.51.100.0/24", "198.51.100.7"),
    ]
    assert [hit.indicator for hit in lists.of_address("2001:db8::9")] == ["2001:db8::/32"]
    assert list(lists.of_address("203.0.113.9")) == []
    assert list(lists.of_domain("www.bad.example")) == [Hit("feed", "domain", "bad.example", "www.bad.example")]
    assert [hit.indicator for hit in lists.of_domain("worse.example")] == ["worse.example"]
    assert list(lists.of_domain("notbad.example")) == list(lists.of_domain("example")) == []
    assert list(lists.of_fingerprint("ja3", JA3)) == [Hit("feed", "ja3", JA3, JA3)]
    assert list(lists.of_fingerprint("ja4", JA4)) == [Hit("feed", "ja4", JA4, JA4)]
    assert list(lists.of_fingerprint("ja4", JA3)) == []


def test_several_lists_are_told_apart(feed, tmp_path):
    """Each by the name of its file."""
    (tmp_path / "other.csv").write_text("198.51.100.7\n")
    lists = ThreatLists.load([str(feed), str(tmp_path / "other.csv")])
    assert {hit.list for hit in lists.of_address("198.51.100.7")} == {"feed", "other"}


def test_an_odd_line_is_told_and_costs_that_line(feed, caplog):
    """A feed of many thousand lines is not given up for one."""
    with caplog.at_level("WARNING", logger=module.log.name):
        ThreatLists.load([str(feed)])
    assert [record.getMessage().removeprefix(f"{feed}: ") for record in caplog.records] == [
        "1 line is no address, network, domain, JA3 or JA4 and passed over, the first is line 10"
    ]


def test_a_list_that_can_never_hit_is_refused(tmp_path, monkeypatch):
    """Empty, of another form, missing, too large, or too long."""
    path = tmp_path / "feed.txt"
    path.write_text("# nothing\n,,,\n")
    with pytest.raises(ConfigError, match="holds no address, network, domain, JA3 or JA4"):
        ThreatLists.load([str(path)])
    with pytest.raises(ConfigError, match="cannot be read"):
        ThreatLists.load([str(tmp_path / "none")])
    path.write_text("198.51.100.1\n198.51.100.2\n")
    monkeypatch.setattr(module, "MAX_INDICATORS", 1)
    with pytest.raises(ConfigError, match="more than 1 indicators"):
        ThreatLists.load([str(path)])
    monkeypatch.setattr(module, "MAX_BYTES", 5)
    with pytest.raises(ConfigError, match="larger than"):
        ThreatLists.load([str(path)])
