"""What applications say: short messages that look like the protocol they belong to, with random content."""

import struct
from random import Random

import dpkt.dhcp
import dpkt.ntp

from netad.core.timing import SECOND_NS
from netad.sample.wire import Endpoint

_NTP_EPOCH_OFFSET_S = 2_208_988_800  # from 1900 to 1970
_LARGEST_RECORD = 16_384


def client_hello(rng: Random, name: str) -> bytes:
    """Return a TLS ClientHello record (RFC 8446) with the server name extension, padded to 517 bytes as browsers do."""
    host = name.encode()
    server_name = struct.pack(">HHHBH", 0, len(host) + 5, len(host) + 3, 0, len(host)) + host
    ciphers = bytes.fromhex("130113021303c02bc02fc02cc030")
    alpn = struct.pack(">HHH", 16, 5, 3) + b"\x02h2"
    versions = bytes.fromhex("002b0003020304")
    extensions = server_name + alpn + versions
    body_start = b"\x03\x03" + rng.randbytes(32) + b"\x20" + rng.randbytes(32)
    body_start += struct.pack(">H", len(ciphers)) + ciphers + b"\x01\x00"
    padding = max(0, 512 - 4 - len(body_start) - 2 - len(extensions) - 4)
    extensions += struct.pack(">HH", 21, padding) + bytes(padding)
    body = body_start + struct.pack(">H", len(extensions)) + extensions
    return _record(22, b"\x01" + len(body).to_bytes(3, "big") + body)


def server_hello(rng: Random, size: int) -> bytes:
    """Return a TLS ServerHello record, the change of cipher and about `size` bytes of encrypted certificate."""
    body = b"\x03\x03" + rng.randbytes(32) + b"\x20" + rng.randbytes(32) + bytes.fromhex("130100" + "0006002b00020304")
    hello = b"\x02" + len(body).to_bytes(3, "big") + body
    return _record(22, hello) + b"\x14\x03\x03\x00\x01\x01" + tls_data(rng, size)


def tls_data(rng: Random, size: int) -> bytes:
    """Return `size` (at least 1) encrypted bytes in TLS application data records."""
    whole, rest = divmod(size, _LARGEST_RECORD)
    lengths = [_LARGEST_RECORD] * whole + ([rest] if rest else [])
    return b"".join(_record(23, rng.randbytes(length)) for length in lengths)


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack(">BHH", kind, 0x0303, len(body)) + body


def http_request(rng: Random, host: str, size: int = 0, method: str = "GET") -> bytes:
    """Return an HTTP/1.1 request, with a body of `size` bytes when that is not 0."""
    path = f"/{rng.getrandbits(32):08x}"
    length = f"Content-Length: {size}\r\n" if size else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: office/1.0\r\nAccept: */*\r\n{length}\r\n"
    return head.encode() + rng.randbytes(size)


def http_response(rng: Random, size: int, status: str = "200 OK") -> bytes:
    """Return an HTTP/1.1 response with a body of `size` bytes."""
    head = f"HTTP/1.1 {status}\r\nServer: example\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
    return head.encode() + rng.randbytes(size)


def quic_initial(rng: Random, connection: bytes) -> bytes:
    """Return a QUIC v1 Initial packet (RFC 9000) of 1200 bytes for an 8-byte connection id."""
    head = bytes([0xC0 | rng.randrange(4)]) + b"\0\0\0\x01" + b"\x08" + connection + b"\0\0"
    return head + struct.pack(">H", 0x4000 | (1200 - len(head) - 2)) + rng.randbytes(1200 - len(head) - 2)


def quic_short(rng: Random, connection: bytes, size: int) -> bytes:
    """Return a QUIC packet with a short header and `size` encrypted bytes."""
    return bytes([0x40 | rng.randrange(64)]) + connection + rng.randbytes(size)


def ntp_message(time_ns: int, *, reply: bool) -> bytes:
    """Return an NTP version 4 message (RFC 5905), from a client or a stratum 2 server."""
    seconds, fraction = divmod(time_ns, SECOND_NS)
    stamp = struct.pack(">II", (seconds + _NTP_EPOCH_OFFSET_S) & 0xFFFF_FFFF, (fraction << 32) // SECOND_NS)
    message = dpkt.ntp.NTP(flags=0x24 if reply else 0x23, stratum=2 if reply else 0, interval=10, precision=0xEC)
    message.update_time = message.receive_time = stamp if reply else bytes(8)
    message.originate_time = stamp if reply else bytes(8)
    message.transmit_time = stamp
    message.id = b"\xc0\0\x02\x01" if reply else bytes(4)
    return bytes(message)


def smb2(rng: Random, command: int, size: int, *, reply: bool = False) -> bytes:
    """Return an SMB2 message of a command with `size` bytes after its header, in a NetBIOS session frame."""
    head = b"\xfeSMB" + struct.pack("<HHIHHIIQ", 64, 1, 0, command, 31, int(reply), 0, rng.getrandbits(16))
    head = head.ljust(64, b"\0")
    return struct.pack(">I", len(head) + size) + head + rng.randbytes(size)


def sip(method: str, number: int, call: str, *, status: str = "") -> bytes:
    """Return a SIP request (RFC 3261), or the response with a `status` to it."""
    first = f"SIP/2.0 {status}" if status else f"{method} sip:{number}@pbx.office.example SIP/2.0"
    body = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=call\r\nm=audio 16384 RTP/AVP 18\r\n" if method == "INVITE" else ""
    lines = (
        first,
        "Via: SIP/2.0/UDP phone.office.example;branch=z9hG4bK" + call,
        f"From: <sip:{number}@pbx.office.example>;tag={call[:6]}",
        f"To: <sip:{number}@pbx.office.example>",
        f"Call-ID: {call}@office.example",
        f"CSeq: 1 {method}",
        f"Content-Length: {len(body)}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def rtp(rng: Random, number: int, source: int) -> bytes:
    """Return the `number`th RTP packet (RFC 3550) of a G.729 stream with 60 ms of sound."""
    return struct.pack(">BBHII", 0x80, 18, number & 0xFFFF, number * 480 & 0xFFFF_FFFF, source) + rng.randbytes(60)


def dhcp(client: Endpoint, kind: int, *, server: Endpoint | None = None) -> bytes:
    """Return a DHCP message (RFC 2131) of a client, or a server's to it: 1 discover, 2 offer, 3 request, 5 ack."""
    address = int.from_bytes(client.address, "big")
    message = dpkt.dhcp.DHCP(
        op=1 if server is None else 2,
        chaddr=client.mac + bytes(10),
        xid=address ^ 0x5EED,
        ciaddr=0,
        yiaddr=address if server is not None else 0,
        opts=[(dpkt.dhcp.DHCP_OPT_MSGTYPE, bytes([kind]))],
    )
    if server is not None:
        message.opts += [
            (dpkt.dhcp.DHCP_OPT_SERVER_ID, server.address),
            (dpkt.dhcp.DHCP_OPT_LEASE_SEC, struct.pack(">I", 28_800)),
        ]
    elif kind == dpkt.dhcp.DHCPREQUEST:
        message.opts += [(dpkt.dhcp.DHCP_OPT_REQ_IP, client.address)]
    return bytes(message)


def ssdp_search(target: str) -> bytes:
    """Return an SSDP search for a kind of device."""
    head = "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
    return f'{head}MAN: "ssdp:discover"\r\nMX: 2\r\nST: {target}\r\n\r\n'.encode()
