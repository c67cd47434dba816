"""Target: any bytes as what packets carry: DNS over UDP and TCP, TLS and HTTP greetings, in segments of any size."""

from fuzz.batches import check
from netad.ingest.facts.packets import PacketFacts
from netad.ingest.framing import Record
from tests.ingest.frames import ethernet, ip4, tcp, udp

LONGEST = 1024
# Protocol, source port, destination port.
WAYS = (
    (17, 40000, 53),
    (17, 53, 40000),
    (17, 5353, 5353),
    (6, 40000, 53),
    (6, 53, 40000),
    (6, 40000, 443),
    (17, 53, 53),
)
_HEAD = 2
_STEP_NS = 10**8


def seed(way: int, payload: bytes, size: int = 0) -> bytes:
    """Return the input that stands for a payload on its way in segments of `size` bytes, 0 for one."""
    return bytes((way, size)) + payload


def one_input(data: bytes) -> None:
    """Send the payload twice, in segments, once cut short by the snapshot, and check the facts."""
    if len(data) < _HEAD:
        return
    protocol, src_port, dst_port = WAYS[data[0] % len(WAYS)]
    payload, facts = data[_HEAD:], PacketFacts()
    size = data[1] or len(payload) or 1
    time_ns = said = 0
    for cut in (0, 3):
        for at in range(0, len(payload), size):
            piece = payload[at : at + size]
            inner = (
                tcp(piece, src_port, dst_port, "PA", seq=1 + at) if protocol == 6 else udp(piece, src_port, dst_port)
            )
            frame = ethernet(ip4(inner, protocol))
            facts.add(Record(time_ns, frame[: len(frame) - cut], len(frame), 1))
            time_ns += _STEP_NS
        for batch in facts.drain():
            check(batch)
            said += len(batch)
    for batch in facts.finish():
        check(batch)
        said += len(batch)
    assert said <= len(payload) + 2, "more facts than there can be"
