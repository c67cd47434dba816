import dpkt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.sample import payloads
from netad.sample.hosts import HOSTS
from netad.sample.rhythm import random_stream


def records(data):
    found, used = dpkt.ssl.tls_multi_factory(data)
    assert used == len(data)
    return found


def test_client_hello_names_the_server(rng):
    """The hello is read back by dpkt, with the server name in its extensions."""
    data = payloads.client_hello(rng, "www.example.com")
    (record,) = records(data)
    hello = dpkt.ssl.TLSHandshake(record.data).data
    assert len(data) == 517
    assert len(hello.session_id) == 32
    assert b"www.example.com" in dict(hello.extensions)[0]


def test_server_hello_is_followed_by_encrypted_records(rng):
    """Hello, change of cipher, then application data."""
    assert [record.type for record in records(payloads.server_hello(rng, 2000))] == [22, 20, 23]


@given(st.integers(1, 50_000))
def test_tls_data_carries_what_was_asked_for(size):
    """The sizes of all records sum up, and none is longer than TLS allows."""
    found = records(payloads.tls_data(random_stream(size), size))
    assert sum(len(record.data) for record in found) == size
    assert max(len(record.data) for record in found) <= 16_384


def test_http_messages_parse(rng):
    """Request and response are HTTP with bodies of the size asked for."""
    request = dpkt.http.Request(payloads.http_request(rng, "app.example", 96, "POST"))
    assert (request.method, request.headers["host"], len(request.body)) == ("POST", "app.example", 96)
    response = dpkt.http.Response(payloads.http_response(rng, 700))
    assert (response.status, len(response.body)) == ("200", 700)


def test_quic_packets(rng):
    """An Initial has the long header of version 1 and 1200 bytes; later packets the short one."""
    initial = payloads.quic_initial(rng, b"connecti")
    assert len(initial) == 1200
    assert (initial[0] >> 6, initial[1:5], initial[6:14]) == (3, b"\0\0\0\1", b"connecti")
    short = payloads.quic_short(rng, b"connecti", 50)
    assert (short[0] >> 6, len(short)) == (1, 59)


@pytest.mark.parametrize(("reply", "mode", "stratum"), [(False, 3, 0), (True, 4, 2)])
def test_ntp_message(reply, mode, stratum):
    """Client and server messages carry the packet's time, counted from 1900."""
    message = dpkt.ntp.NTP(payloads.ntp_message(1_772_438_400_500_000_000, reply=reply))
    assert (message.v, message.mode, message.stratum) == (4, mode, stratum)
    assert int.from_bytes(message.transmit_time, "big") == (1_772_438_400 + 2_208_988_800 << 32) + (1 << 31)


def test_smb_message(rng):
    """The session frame gives the length of header and body."""
    message = payloads.smb2(rng, 8, 100, reply=True)
    assert int.from_bytes(message[:4], "big") == len(message) - 4 == 164
    assert message[4:8] == b"\xfeSMB"


def test_sip_messages():
    """Request and response of a call are read back by dpkt."""
    request = dpkt.sip.Request(payloads.sip("INVITE", 123, "abcdef123"))
    assert (request.method, request.headers["call-id"]) == ("INVITE", "abcdef123@office.example")
    assert dpkt.sip.Response(payloads.sip("INVITE", 123, "abcdef123", status="200 OK")).status == "200"


def test_rtp_packets_count(rng):
    """Sequence number and time stamp move on."""
    packet = dpkt.rtp.RTP(payloads.rtp(rng, 3, 99))
    assert (packet.version, packet.seq, packet.ts, packet.ssrc, packet.pt) == (2, 3, 1440, 99, 18)


def test_dhcp_exchange():
    """The client asks with its hardware address, the server gives it its address."""
    client, server = HOSTS["pc-anna"].v4, HOSTS["gateway"].v4
    request, ack = (dpkt.dhcp.DHCP(payloads.dhcp(client, kind, server=who)) for kind, who in ((3, None), (5, server)))
    assert (request.op, request.chaddr[:6], request.xid) == (1, client.mac, ack.xid)
    assert (ack.op, ack.yiaddr) == (2, int.from_bytes(client.address, "big"))
    assert dict(ack.opts)[dpkt.dhcp.DHCP_OPT_SERVER_ID] == server.address


def test_ssdp_search_is_http_over_udp():
    """A search names what it looks for."""
    message = payloads.ssdp_search("urn:x")
    assert message.startswith(b"M-SEARCH * HTTP/1.1\r\n")
    assert b"ST: urn:x\r\n\r\n" in message
