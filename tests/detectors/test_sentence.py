import pytest

from netad.detectors.anomaly import Reason
from netad.detectors.sentence import _CLAUSES, _TEMPLATES, behaviour_label, sentence
from netad.profiles.features import FEATURES


def reason(name, actual, typical=6.0):
    feature = FEATURES[name]
    return Reason(name, feature.label, feature.unit, actual, typical, 1.0, 0.5)


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        (reason("unique_destination_ports", 812), "contacted 812 destination ports on 3 hosts in 1h (typical 6)"),
        (reason("unique_destination_ports", 1), "contacted 1 destination port on 3 hosts in 1h (typical 6)"),
        (reason("unique_destinations", 1200), "contacted 1,200 destinations in 1h (typical 6)"),
        (reason("bytes_out", 5.2e9, 31_000), "sent 5.2 GB to 3 hosts in 1h (typical 31 kB)"),
        (
            reason("failed_share", 0.96, 0.02),
            "was refused or got no answer in 96.0 % of its flows in 1h (typical 2.0 %)",
        ),
        (reason("duration_max", 3599.5, 12), "kept a flow open for 59m59.5s in 1h (typical 12s)"),
        (reason("ttl_mean", 63.25, 64), "had an unusual average TTL of 63.2 in 1h (typical 64)"),
        (
            reason("new_ports", 9, 0),
            "used 9 services (ports, ICMP types) that nobody here had used before in 1h (typical 0)",
        ),
        (
            reason("own_new_destination_share", 0.5, 0.1),
            "went to destinations that it had never met before in 50.0 % of its flows in 1h (typical 10.0 %)",
        ),
        (reason("port_surprise_max", 9.2, 3), "used a port that is hardly ever used on this network in 1h"),
        (reason("total_packets", 12.0), "exchanged 12 packets with 3 hosts in 1h (typical 6)"),
    ],
)
def test_what_the_source_did(lead, expected):
    """Each leading feature has words of its own; the others are named by their label."""
    hosts = reason("unique_destinations", 3)
    assert sentence("10.4.2.2", "1h", (lead,), (hosts,)) == f"10.4.2.2 {expected}"


def test_what_else_the_source_did():
    """Further reasons follow in the same words, each beside what is typical."""
    reasons = (
        reason("failed_share", 0.96, 0.02),
        reason("port_surprise_max", 9.2, 3),
        reason("bytes_out", 5e6, 31_000),
    )
    assert sentence("10.4.2.2", "1h", reasons, (reason("unique_destinations", 3),)) == (
        "10.4.2.2 was refused or got no answer in 96.0 % of its flows in 1h (typical 2.0 %), "
        "used a port that is hardly ever used on this network, and sent 5 MB (typical 31 kB)"
    )


def test_without_hosts_they_are_left_out():
    """A profile without known destinations still makes a sentence."""
    text = sentence("10.4.2.2", "1h", (reason("syn_packets", 900),))
    assert text == "10.4.2.2 sent 900 SYN packets in 1h (typical 6)"


def test_a_whole_capture_is_no_duration():
    """The window over the whole input is called what it is."""
    assert sentence("::1", "capture", (reason("flows", 9),)).endswith("in the capture (typical 6)")


def test_without_reasons_it_says_so():
    """Without any reason the sentence does not invent one."""
    assert sentence("10.4.2.2", "1h", ()) == "10.4.2.2 had an unusual profile in 1h"


@pytest.mark.parametrize("name", FEATURES.names())
@pytest.mark.parametrize("value", [0.0, 1.0, 0.004, 123456.7])
def test_every_feature_makes_a_sentence(name, value):
    """Whatever leads, the sentence is whole: no gap, no placeholder, no double space."""
    text = sentence("10.4.2.2", "1h", (reason(name, value, value),))
    assert text.startswith("10.4.2.2 ")
    assert "{" not in text
    assert "  " not in text


def test_templates_are_for_features_that_exist():
    """No template waits for a feature that was renamed."""
    assert set(_TEMPLATES) | set(_CLAUSES) <= set(FEATURES.names())


def test_behaviours_are_called_what_people_call_them():
    """Abbreviations keep their capitals, the others are plain words."""
    assert [behaviour_label(name) for name in ("dga", "dns_tunnel", "brute_force")] == [
        "DGA",
        "DNS tunnel",
        "brute force",
    ]
