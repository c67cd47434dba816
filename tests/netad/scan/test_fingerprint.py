"""Files told by their beginnings."""

import gzip

from netad.scan.fingerprint import HEAD_BYTES, Head, read_head

CONTENT = bytes(range(256)) * 1024


def test_compression_and_name_make_no_other_file(tmp_path):
    """The beginning of what is inside tells a file."""
    plain, packed = tmp_path / "a.pcap", tmp_path / "b.gz"
    plain.write_bytes(CONTENT)
    packed.write_bytes(gzip.compress(CONTENT))
    one, other = read_head(str(plain)), read_head(str(packed))
    assert one.fingerprint == other.fingerprint
    assert (one.compressed, other.compressed) == (False, True)
    assert one.fingerprint.length == HEAD_BYTES


def test_a_longer_file_has_the_beginnings_of_shorter_ones():
    """The longest is first, and lengths that it does not have are left out."""
    head = Head(CONTENT[:1000], compressed=False)
    short, shorter = Head(CONTENT[:400], False).fingerprint, Head(CONTENT[:7], False).fingerprint
    assert head.beginnings([7, 400, 5000]) == [short, shorter]
    assert head.beginnings([1000]) == [head.fingerprint]


def test_what_is_damaged_is_told_by_what_comes_out_of_it(tmp_path):
    """A gzip file that was cut has a beginning still."""
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(bytes(1000))[:20])
    assert read_head(str(cut)).compressed
    assert len(read_head(str(cut)).content) <= 1000
