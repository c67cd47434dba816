"""Builds DNS messages, ClientHellos and TLS records for tests."""

import struct
from ipaddress import ip_address

A, TXT, AAAA, SRV = 1, 16, 28, 33


def name_of(text):
    labels = [label.encode("latin-1") for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def question(text, kind=A, identity=7, flags=0x0100):
    return struct.pack(">HHHHHH", identity, flags, 1, 0, 0, 0) + name_of(text) + struct.pack(">HH", kind, 1)


def answer(text, addresses=(), kind=A, identity=7, rcode=0, asked=True):
    """Return an answer whose records point to the question's name, or hold it if the question is left out."""
    head = struct.pack(">HHHHHH", identity, 0x8180 | rcode, int(asked), len(addresses), 0, 0)
    asks = name_of(text) + struct.pack(">HH", kind, 1) if asked else b""
    return head + asks + b"".join(record_of(b"\xc0\x0c" if asked else name_of(text), each) for each in addresses)


def record_of(name, address, network=1):
    packed = ip_address(address).packed
    return name + struct.pack(">HHIH", A if len(packed) == 4 else AAAA, network, 60, len(packed)) + packed


def numbers(values):
    return struct.pack(f">{len(values)}H", *values)


def sized(data, width=2):
    return len(data).to_bytes(width, "big") + data


def server_name(host):
    return 0, sized(b"\0" + sized(host.encode()))


def client_hello(ciphers, extensions=(), version=0x0303):
    """Return the handshake message; `extensions` are (type, content)."""
    block = b"".join(struct.pack(">H", kind) + sized(content) for kind, content in extensions)
    body = struct.pack(">H", version) + bytes(32) + sized(b"", 1) + sized(numbers(ciphers)) + sized(b"\0", 1)
    return b"\1" + sized(body + (sized(block) if extensions else b""), 3)


def tls_records(message, size=1 << 14):
    pieces = [message[at : at + size] for at in range(0, len(message), size)]
    return b"".join(b"\x16\x03\x01" + sized(piece) for piece in pieces)
