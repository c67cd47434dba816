import pytest

from netad.detectors.transformer.names import MOST_CHARACTERS, MOST_KNOWN, MOST_NEW, Named, named, printable


def test_new_names_come_first_and_each_kind_together():
    """Services by what a port is for, domains, servers and agents; of each kind the new ones first."""
    said = "port tcp/443\nnew port tcp/6667\ndomain a.org\nnew domain evil.top\nagent curl/8\nserver www.a.org"
    assert named(said) == (
        Named("services", True, "irc chat"), Named("services", False, "https"), Named("domains", True, "evil.top"),
        Named("domains", False, "a.org"), Named("servers", False, "www.a.org"), Named("agents", False, "curl/8"),
    )  # fmt: skip


def test_hostile_text_is_bounded():
    """However much is said, in whatever characters, few short printable names are left."""
    said = "\n".join(
        [f"new domain {'é' * 300}x{k}\x1b[31m" for k in range(500)] + [f"domain d{k}.org" for k in range(500)]
    )
    found = named(said)
    assert len(found) <= MOST_NEW + MOST_KNOWN
    assert all(len(one.text) <= MOST_CHARACTERS and one.text.isascii() and one.text.isprintable() for one in found)


@pytest.mark.parametrize("said", [None, float("nan"), "", "nonsense", "domain ", "new ", "port"])
def test_what_is_no_entry_says_nothing(said):
    """A row without words, or with lines of no known kind, names nothing."""
    assert named(said) == ()


def test_ports_without_a_name_say_little():
    """A high port is a high port, whichever; the same twice is told once."""
    found = named("new port tcp/40001\nnew port tcp/40002\nnew port udp/5\nport icmp/3\nport 47/0")
    assert [one.text for one in found] == ["tcp high port", "udp port", "icmp", "other protocol"]


def test_printable_text_has_single_spaces():
    """Control characters and foreign ones are gaps, and gaps are one space."""
    assert printable("Mozilla/5.0\t(X11;\x00\x07 é)  Ünix") == "mozilla/5.0 (x11; ) nix"
