from netad.core.state_file import read_state, write_state
from netad.outputs.enrich import names as module
from netad.outputs.enrich.names import ReverseNames

ROWS = (
    ("10.0.0.1", "b.example", "198.51.100.7", 20),
    ("10.0.0.2", "a.example", "198.51.100.7", 10),
    ("10.0.0.1", "c.example", "198.51.100.7", 30),
    ("10.0.0.2", "six.example", "2001:db8::7", 10),
)


def test_a_host_is_told_the_name_that_it_asked_for(answers):
    """The first one; who never asked is told what anybody asked for first."""
    names = ReverseNames()
    names.add(answers(*ROWS))
    assert names.find("198.51.100.7", "10.0.0.1") == "b.example"
    assert names.find("198.51.100.7", "10.0.0.9") == names.find("198.51.100.7") == "a.example"
    assert names.find("2001:db8::7", "10.0.0.1") == "six.example"
    assert names.find("198.51.100.8") == names.find("no address") == ""


def test_the_order_of_answers_does_not_matter(answers):
    """Names are the same however the input was cut."""
    forward, backward = ReverseNames(), ReverseNames()
    for row in ROWS:
        forward.add(answers(row))
    for row in reversed(ROWS):
        backward.add(answers(row))
    for asker in ("10.0.0.1", "10.0.0.2", ""):
        assert forward.find("198.51.100.7", asker) == backward.find("198.51.100.7", asker) != ""


def test_what_is_known_goes_on_in_another_run(answers, tmp_path):
    """Through the file in which a scan keeps its state."""
    names, later = ReverseNames(), ReverseNames()
    names.add(answers(*ROWS))
    write_state(tmp_path / "state", {"names": names.carry()})
    later.resume(read_state(tmp_path / "state")["names"])
    assert later.find("198.51.100.7", "10.0.0.1") == "b.example"


def test_answers_without_end_are_counted_and_forgotten(answers, monkeypatch):
    """Memory is bounded; what is known stays."""
    monkeypatch.setattr(module, "MOST_ANSWERS", 2)
    names = ReverseNames()
    names.add(answers(*ROWS))
    assert names.forgotten > 0
    assert names.find("198.51.100.7") == "a.example"
