import ipaddress

import dpkt
import pytest

from netad.sample import names

V4 = ipaddress.ip_address("192.0.2.1").packed
V6 = ipaddress.ip_address("2001:db8::1").packed


def test_question_asks_for_the_name():
    """A query has one question and wants recursion."""
    message = dpkt.dns.DNS(names.question(7, "www.example.com", names.AAAA))
    assert (message.id, message.qr, message.rd) == (7, 0, 1)
    assert [(item.name, item.type) for item in message.qd] == [("www.example.com", names.AAAA)]


@pytest.mark.parametrize(("kind", "address", "field"), [(names.A, V4, "ip"), (names.AAAA, V6, "ip6")])
def test_answer_holds_the_addresses(kind, address, field):
    """Addresses come back under the name that was asked for."""
    message = dpkt.dns.DNS(names.answer(7, "www.example.com", kind, (address, address), 60))
    assert [(item.name, getattr(item, field), item.ttl) for item in message.an] == [
        ("www.example.com", address, 60)
    ] * 2
    assert (message.id, message.qr, message.rcode) == (7, 1, 0)


def test_an_alias_comes_first():
    """Behind a CNAME the addresses belong to the alias."""
    first, second = dpkt.dns.DNS(names.answer(1, "www.example.com", names.A, (V4,), 60, "edge.example")).an
    assert (first.name, first.cname) == ("www.example.com", "edge.example")
    assert (second.name, second.ip) == ("edge.example", V4)


def test_no_addresses_are_an_empty_answer():
    """A name without IPv6 exists all the same."""
    message = dpkt.dns.DNS(names.answer(1, "www.example.com", names.AAAA, (), 60, "edge.example"))
    assert (message.an, message.rcode) == ([], 0)


def test_unknown_names_are_denied():
    """NXDOMAIN repeats the question."""
    message = dpkt.dns.DNS(names.no_such_name(9, "wpad.office.example"))
    assert (message.id, message.rcode, message.qd[0].name) == (9, dpkt.dns.DNS_RCODE_NXDOMAIN, "wpad.office.example")


def test_multicast_messages():
    """Announcements are answers without a question, searches the reverse."""
    service = "_ipp._tcp.local"
    announced = dpkt.dns.DNS(names.mdns_announcement(service, "printer"))
    assert (announced.qd, announced.an[0].ptrname) == ([], f"printer.{service}")
    assert dpkt.dns.DNS(names.mdns_question(service)).qd[0].name == service
