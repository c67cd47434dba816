import pytest

from netad.core.errors import InputError
from netad.rules import importing
from netad.rules.importing import Imported, read_text


def test_rules_get_ids_of_the_file_and_the_line():
    """In the letters that ids are made of, with owner and end."""
    found = Imported("/etc/suricata/Threshold File.config", {"created_by": "o", "permanent": True})
    found.add(7, "why", "-flows", match={"source.ip": "10.0.0.1"})
    assert found.rules == [{"id": "threshold-file-7-flows", "comment": "why", "created_by": "o", "permanent": True,
                            "match": {"source.ip": "10.0.0.1"}}]  # fmt: skip
    found.leave_out(9, "x" * 200, "no")
    assert found.unsaid == [f"/etc/suricata/Threshold File.config:9: no: {'x' * 99}…"]


def test_files_are_read_within_bounds(tmp_path, monkeypatch):
    """What is not there, too large or no text is refused."""
    path = tmp_path / "t.config"
    path.write_bytes(b"\xef\xbb\xbfa\n")
    assert read_text(str(path)) == "a\n"
    path.write_bytes(b"\xff")
    with pytest.raises(InputError, match="is not UTF-8 text"):
        read_text(str(path))
    monkeypatch.setattr(importing, "MAX_IMPORT_BYTES", 1)
    path.write_bytes(b"ab")
    with pytest.raises(InputError, match="is larger than"):
        read_text(str(path))
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_text(str(tmp_path / "gone"))
