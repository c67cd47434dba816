import io
import sys

import pytest

from netad.core.errors import InputError
from netad.rules import event_files
from netad.rules.event_files import read_events


@pytest.mark.parametrize(
    "text",
    ['{"event": {"id": "a"}}\n{"event": {"id": "b"}}\n', '[{"event": {"id": "a"}}, {"event": {"id": "b"}}]',
     '{"event.id": "a"}\n\n{"event.id": "b"}'],
)  # fmt: skip
def test_events_come_as_json_or_a_line_each(tmp_path, text):
    """All of them, or the one that is named."""
    path = tmp_path / "e.json"
    path.write_text(text)
    assert len(read_events(str(path))) == 2
    assert len(read_events(f"{path}#b")) == 1
    with pytest.raises(InputError, match="holds no event with the id 'c'"):
        read_events(f"{path}#c")


def test_a_name_may_hold_the_mark(tmp_path):
    """A file that is there is meant."""
    path = tmp_path / "e#1.json"
    path.write_text('{"a": 1}')
    assert read_events(str(path)) == [{"a": 1}]


def test_standard_input_is_read(monkeypatch):
    """For what another command prints."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"a": 1}')))
    assert read_events("-") == [{"a": 1}]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "holds no event"), (b"[1]", "something that is no event"), (b'{"a": 1}\n{',
     r"e\.json:2: this line is not JSON"),
     (b"\xff", "is not JSON"), (b"[" * 5000, "is not JSON")],
)  # fmt: skip
def test_what_is_no_event_is_refused(tmp_path, content, sentence):
    """With the line."""
    path = tmp_path / "e.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        read_events(str(path))


def test_files_are_bounded(tmp_path, monkeypatch):
    """And one that is not there is told."""
    monkeypatch.setattr(event_files, "MAX_EVENT_BYTES", 5)
    path = tmp_path / "e.json"
    path.write_text('{"a": 1}')
    with pytest.raises(InputError, match="is larger than"):
        read_events(str(path))
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_events(str(tmp_path / "gone"))
