"""Tests of netad.ingest.reference."""

from netad.ingest.capture import IngestOptions
from netad.ingest.inputs import Source
from netad.ingest.reference import reference_flows
from netad.ingest.report import IngestReport
from tests.ingest.frames import ethernet, ip4, udp
from tests.ingest.pcap_file import write_pcap


def test_batches_come_while_reading(tmp_path):
    """Finished flows leave in batches of the size asked for, before the input is read to its end."""
    source = write_pcap(tmp_path / "a.pcap", [(time * 100, ethernet(ip4(udp(b"?")))) for time in range(7)])
    report = IngestReport()
    batches = reference_flows([source], IngestOptions(None, batch_flows=2), report)
    assert len(next(batches)) == 2
    assert report.packets < 7
    assert [len(batch) for batch in batches] == [2, 2, 1]
    assert (report.flows, report.handed_over) == (7, 0)


def test_bad_inputs_are_problems(tmp_path):
    """A missing file and one that is no capture are said in the report."""
    (tmp_path / "text.pcap").write_text("this is a text file")
    report = IngestReport()
    sources = [Source(str(tmp_path / "none.pcap")), Source(str(tmp_path / "text.pcap"))]
    assert list(reference_flows(sources, IngestOptions(), report)) == []
    assert [problem.path for problem in report.problems] == [source.path for source in sources]


def test_progress(tmp_path):
    """Progress reports bytes, never fewer than before, and all of them at the end."""
    seen = []
    source = write_pcap(tmp_path / "a.pcap", [(0, ethernet(ip4(udp(b"?"))))] * 5000)
    assert len(list(reference_flows([source], IngestOptions(), IngestReport(), seen.append))) == 1
    assert seen == sorted(seen)
    assert seen[-1] == (tmp_path / "a.pcap").stat().st_size
