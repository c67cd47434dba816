from netad.ingest.report import IngestReport


def test_the_span_widens():
    """first_ns and last_ns are the extremes of what was seen, in any order."""
    report = IngestReport()
    for time in (5, 3, 9, 4):
        report.seen(time)
    assert (report.first_ns, report.last_ns) == (3, 9)


def test_problems_keep_path_and_sentence():
    """A problem names its input."""
    report = IngestReport()
    report.problem("a.pcap", "is empty")
    assert [(p.path, p.sentence) for p in report.problems] == [("a.pcap", "is empty")]
