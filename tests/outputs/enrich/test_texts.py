import pytest

from netad.core.addresses import parse_address
from netad.outputs.enrich.texts import with_addresses

OTHER = {"10.1.2.3": "99.88.77.66", "10.1.2.0": "99.88.77.0", "10.0.0.0": "99.0.0.0", "fd00::1": "abcd::9",
         "fd00::": "abcd::"}  # fmt: skip


def replaced(text):
    known = {parse_address(one): parse_address(other) for one, other in OTHER.items()}
    return with_addresses(text, lambda high, low: known[high, low], lambda _: "MAC")


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("10.1.2.3", "99.88.77.66"),
        ("10.1.2.3:443 to 10.1.2.3, or 10.1.2.3.", "99.88.77.66:443 to 99.88.77.66, or 99.88.77.66."),
        ("/captures/10.1.2.3.pcap", "/captures/99.88.77.66.pcap"),
        ("http://[fd00::1]/x?ip=10.1.2.3&a=1", "http://[abcd::9]/x?ip=99.88.77.66&a=1"),
        ("fd00::1%eth0", "abcd::9%eth0"),
        ("fd00::, fd00::/8", "abcd::, abcd::/8"),
        ("FD00:0:0:0:0:0:0:1", "abcd::9"),
        ("::ffff:10.1.2.3", "99.88.77.66"),
        ("ip-10-1-2-3.provider.example", "ip-99-88-77-66.provider.example"),
        ("3.2.1.10.in-addr.arpa", "66.77.88.99.in-addr.arpa"),
        ("2.1.10.in-addr.arpa", "77.88.99.in-addr.arpa"),
        ("10.in-addr.arpa", "99.in-addr.arpa"),
        (".".join("1" + "0" * 28 + "0df") + ".ip6.arpa", ".".join("9" + "0" * 27 + "dcba") + ".ip6.arpa"),
        ("0.0.d.f.ip6.arpa", "d.c.b.a.ip6.arpa"),
        ("010.001.002.003", "99.88.77.66"),
        ("from 00:00:5e:00:53:23 and 00-00-5E-00-53-23", "from MAC and MAC"),
    ],
)
def test_an_address_is_found_however_it_is_written(text, other):
    """Plain, in names and paths, with dashes, backwards."""
    assert replaced(text) == other


@pytest.mark.parametrize(
    "text",
    ["", "2026-01-11T06:00:00.000Z", "06:00:00 to 07:00:00", "1.2.3", "1.2.3.4.5", "Chrome/96.0.4664.110", "300.1.1.1",
     "std::vector", "a:b:c", "t13d1516h2_8daaf6152771_02713d6af862", "999.in-addr.arpa", "0.999", "400-1-1-1"],
)  # fmt: skip
def test_what_is_no_address_stays(text):
    """Times, versions, numbers and fingerprints."""
    assert replaced(text) == text
