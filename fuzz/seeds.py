"""Writes the seeds of the kept corpus from the generators of the tests: `python -m fuzz.seeds`, from the root."""

import bz2
import gzip
import lzma
import re
import struct
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from fuzz import flows, packets
from fuzz.text_seeds import fact_seeds, log_seeds
from netad.ingest.checksums import Strict
from tests.ingest.engine import test_decode as frames
from tests.ingest.engine.test_driver import CAPTURES, PCAP
from tests.ingest.facts.messages import answer, client_hello, question, server_name, tls_records
from tests.ingest.frames import CLIENT, SERVER, ethernet, ip4, tcp, udp
from tests.ingest.pcap_file import pcap_bytes

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_CORPUS = Path(__file__).parent / "corpus"
_COMPRESSORS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstd.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}


def main() -> None:
    """Write every seed; those that are there are replaced."""
    made = {
        "containers": _containers(),
        "packets": _packets(),
        "flows": _flows(),
        "logs": log_seeds(),
        "facts": fact_seeds(),
    }
    for target, seeds in made.items():
        folder = _CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in seeds.items():
            (folder / re.sub(r"[^a-z0-9]+", "-", name.lower())).write_bytes(content)


def _containers() -> dict[str, bytes]:
    frame = ethernet(ip4(udp(b"?")))
    seeds = dict(CAPTURES)
    for order, letter in (("big", ">"), ("little", "<")):
        for kind, magic, rest in (("micro", 0xA1B2C3D4, 0), ("nano", 0xA1B23C4D, 0), ("modified", 0xA1B2CD34, 8)):
            head = struct.pack(letter + "IHHiIII", magic, 2, 4, 0, 0, 65535, 1)
            record = struct.pack(letter + "IIII", 1_700_000_000, 5, len(frame), len(frame)) + bytes(rest) + frame
            seeds[f"{kind} {order}"] = head + record * 2
    small = pcap_bytes([(0, frame), (1, frame)])
    for name, compress in _COMPRESSORS.items():
        seeds[name] = compress(small)
        seeds[f"{name} twice"] = compress(small[:50]) + compress(small[50:])
    return seeds


def _packets() -> dict[str, bytes]:
    known = {**frames.FRAMES, **frames.LEFT, **frames.TUNNELS}
    seeds = {name: packets.seed(frame, link_type) for name, (link_type, frame) in known.items()}
    for name in ("v4 tcp", "v6 udp", "gre", "v4 offloaded"):
        seeds[f"strict {name}"] = packets.seed(known[name][1], 1, strict=Strict.CHECKSUMS)
    for link_type in packets.LINK_TYPES:
        seeds[f"link type {link_type}"] = packets.seed(frames.PLAIN, link_type)
    return seeds


def _flows() -> dict[str, bytes]:
    seeds = {
        f"{name} {options}": flows.seed(data, options)
        for name, data in CAPTURES.items()
        for options in (0, 0x25, 0x51, 0x80)
    }
    said = [
        udp(question("www.example.com")),
        udp(answer("www.example.com", ("192.0.2.7",)), 53, 40000),
        tcp(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", flags="PA"),
        tcp(tls_records(client_hello((0x1301,), (server_name("a.example"),))), 40001, 443, "PA"),
    ]
    frames_of_facts = [ethernet(ip4(layer, 17 if at < 2 else 6)) for at, layer in enumerate(said)]
    seeds["facts"] = flows.seed(pcap_bytes(list(enumerate(frames_of_facts))), 0x80)
    seeds["gzip"] = flows.seed(gzip.compress(PCAP))
    for name, letters in (
        ("session", "S.sa A PA.pa FA.fa A"),
        ("refused", "S.ra"),
        ("reset", "S.sa A R"),
        ("late", ".pa A"),
    ):
        seeds[name] = flows.seed(_session(letters), 2)
    return seeds


def _session(letters: str) -> bytes:
    """Return a TCP connection: flags of its segments, those of the responder in lower case behind a dot."""
    segments, at = [], [1, 1]
    for time, flags in enumerate(re.findall(r"[A-Z]+|[a-z]+", letters)):
        back = flags.islower()
        ports = {"src_port": 80, "dst_port": 40000} if back else {}
        payload = b"data" if "P" in flags.upper() else b""
        segment = tcp(payload, flags=flags.upper(), seq=at[back], ack=at[not back], **ports)
        src, dst = (SERVER, CLIENT) if back else (CLIENT, SERVER)
        segments.append((time, ethernet(ip4(segment, 6, src, dst))))
        at[back] += len(payload) + ("S" in flags.upper()) + ("F" in flags.upper())
    return pcap_bytes(segments)


if __name__ == "__main__":
    main()
