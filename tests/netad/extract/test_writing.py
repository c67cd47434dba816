"""Captures that are written: formats by name, link types, and files that appear whole or not at all."""

import io
import struct

import numpy as np
import pytest

from netad.core.errors import ConfigError, OutputError
from netad.extract.finding import Finder, Found
from netad.extract.kernel import F_FIELDS
from netad.extract.wanted import Network, Wanted
from netad.extract.writing import PcapngWriter, PcapWriter, capture_writer, format_of
from netad.ingest.inputs import Source
from netad.ingest.records import read_records
from netad.ingest.report import IngestReport
from tests.ingest.frames import CLIENT, ethernet, ip4, udp
from tests.ingest.pcap_file import write_pcap

PACKET = ip4(udp())


def found_of(link_type, time_ns=1, path="x.pcap"):
    rows = np.zeros((1, F_FIELDS), np.int64)
    rows[0, :5] = time_ns, 0, 3, 9, link_type
    return Found(Source(path), np.arange(3, dtype=np.uint8), rows)


@pytest.mark.parametrize(
    ("target", "named", "form"),
    [("a.pcap", None, "pcap"), ("a.CAP", None, "pcap"), ("a.pcapng", None, "pcapng"), ("-", None, "pcapng"),
     ("-", "pcap", "pcap"), ("a.bin", "pcapng", "pcapng")],
)  # fmt: skip
def test_the_name_says_the_format(target, named, form):
    """Unless the format is named; standard output is pcapng, which holds everything."""
    assert format_of(target, named) == form


@pytest.mark.parametrize("target", ["out", "out.txt", "out.pcap.gz"])
def test_a_name_that_says_no_format_is_refused(target):
    """The sentence says what to do."""
    with pytest.raises(ConfigError, match=r"name it \.pcap or \.pcapng"):
        format_of(target, None)


@pytest.mark.parametrize("writer", [PcapWriter, PcapngWriter])
def test_without_a_packet_the_capture_is_empty_and_whole(writer):
    """It reads as one without packets."""
    stream, report = io.BytesIO(), IngestReport()
    writer(stream).close([113])
    assert list(read_records(io.BytesIO(stream.getvalue()), "x", report)) == []
    assert (report.files, report.problems) == (1, [])
    assert struct.pack("<I" if writer is PcapWriter else "<H", 113) in stream.getvalue()


def test_pcap_holds_one_link_type_and_says_so():
    """With the way out."""
    writer = PcapWriter(io.BytesIO())
    writer.write(found_of(1))
    with pytest.raises(ConfigError, match=r"link types 1 and 113 \(y\.pcap\), and pcap holds one: write pcapng"):
        writer.write(found_of(113, path="y.pcap"))


def test_pcap_ends_in_2106():
    """Pcapng does not."""
    late = (1 << 32) * 10**9
    with pytest.raises(ConfigError, match="2106"):
        PcapWriter(io.BytesIO()).write(found_of(1, late))
    stream = io.BytesIO()
    PcapngWriter(stream).write(found_of(1, late))
    assert [one.time_ns for one in read_records(io.BytesIO(stream.getvalue()), "x", IngestReport())] == [late]


def test_pcapng_has_an_interface_for_each_link_type(tmp_path):
    """Packets of an Ethernet and a raw capture come out as what they were."""
    sources = [
        write_pcap(tmp_path / "a.pcap", [(0, ethernet(PACKET))]),
        write_pcap(tmp_path / "b.pcap", [(1, PACKET)], 101),
    ]
    with capture_writer(str(tmp_path / "out.pcapng"), "pcapng") as writer:
        for found in Finder(Wanted(Network.parse(CLIENT)), IngestReport()).found([*sources, sources[0]]):
            writer.write(found)
    with Source(str(tmp_path / "out.pcapng")).open() as stream:
        records = list(read_records(stream, "out", IngestReport()))
    assert [(record.link_type, record.data) for record in records] == [
        (1, ethernet(PACKET)), (101, PACKET), (1, ethernet(PACKET)),
    ]  # fmt: skip


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    """After an error there is none; a folder that cannot be written is named."""
    with pytest.raises(ConfigError):
        _write(tmp_path / "out.pcap", found_of(1), found_of(113))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        _write(tmp_path / "file" / "x.pcap")


def _write(path, *found):
    with capture_writer(str(path), "pcap") as writer:
        for one in found:
            writer.write(one)
