"""`--to syslog:…`: what it may say, and sentences for what it may not."""

import pytest

from netad.core.errors import ConfigError
from netad.outputs.syslog.target import SyslogConfig
from tests.elastic_server import TLS


def config(url, **environment):
    return SyslogConfig.from_target(url, {f"NETAD_SYSLOG_{name}": value for name, value in environment.items()})


@pytest.mark.parametrize(
    ("url", "place", "most"),
    [
        ("udp://siem.example", "udp://siem.example:514", 2048),
        ("tcp://siem.example", "tcp://siem.example:601", 8192),
        ("tls://[2001:db8::1]", "tls://[2001:db8::1]:6514", 8192),
        ("tcp://siem.example:1514/", "tcp://siem.example:1514", 8192),
    ],
)
def test_each_transport_has_its_port_and_length(url, place, most):
    """Those of the RFCs, unless something else is said."""
    found = config(url)
    assert (found.place, found.max_bytes, found.target) == (place, most, f"syslog:{place}")


def test_options_stand_in_the_query():
    """Format, facility, longest message, and which events."""
    found = config("udp://x?format=json&facility=auth&max=1000&suppressed=no&flows=yes")
    assert (found.format, found.facility, found.max_bytes) == ("json", 4, 1000)
    assert (found.selection.suppressed, found.selection.flows) == (False, True)
    assert found.target == "syslog:udp://x:514"


def test_the_url_may_come_from_the_environment():
    """What is given on the command line goes first."""
    assert config(None, URL="tcp://a").host == "a"
    assert config("tcp://b", URL="tcp://a").host == "b"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (None, "NETAD_SYSLOG_URL"),
        ("siem.example", "is not a place such as"),
        ("http://siem.example", "udp, tcp or tls"),
        ("tcp://", "is not a place"),
        ("tcp://user@siem", "is not a place"),
        ("tcp://siem:99999", "is not a place"),
        ("tcp://siem:0", "is not a place"),
        ("tcp://siem/path", "is not a place"),
        ("tcp://si em", "is not a place"),
        ("tcp://siem?format", "is not a place"),
        ("tcp://siem?frmat=cef", "no option 'frmat'"),
        ("tcp://siem?format=leef", "none of cef, json"),
        ("tcp://siem?facility=local9", "none of user"),
        ("udp://siem?max=100", "from 480 to 65,507"),
        ("udp://siem?max=70000", "from 480 to 65,507"),
        ("tcp://siem?max=ten", "not a number of bytes"),
        ("tcp://siem?flows=maybe", "neither yes nor no"),
    ],
)
def test_what_is_wrong_is_one_sentence(url, said):
    """It names what was written and what may be."""
    with pytest.raises(ConfigError) as caught:
        config(url)
    assert said in caught.value.message
    assert "\n" not in caught.value.message


def test_certificates_are_read_when_they_are_needed():
    """TLS takes whom to trust and who we are from files."""
    trust = config("tls://x", CA_FILE=str(TLS / "certificate.pem"), CERT_FILE=str(TLS / "certificate.pem"),
                   KEY_FILE=str(TLS / "key.pem")).trust  # fmt: skip
    assert trust.usable()
