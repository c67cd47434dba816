"""The kept inputs of the fuzzer, on compiled code and without the fuzzer: what it once reached stays right."""

import importlib

import pytest

from fuzz.__main__ import CORPUS, TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_kept_inputs(name):
    """Every one keeps what its target promises."""
    target = importlib.import_module(f"fuzz.{name}")
    inputs = sorted((CORPUS / name).iterdir())
    assert len(inputs) > 10
    for path in inputs:
        try:
            target.one_input(path.read_bytes())
        except Exception as error:
            error.add_note(f"input: {path}")
            raise


def test_targets_notice(monkeypatch):
    """A target fails if the two ways differ: here the kernel takes everything for a packet."""
    packets = importlib.import_module("fuzz.packets")
    monkeypatch.setattr(packets, "kernel", lambda *_: 0)
    with pytest.raises(AssertionError):
        packets.one_input(packets.seed(b"\2" * 12 + b"\x08\x06" + bytes(28), link_type=1))


def test_the_corpus_is_small():
    """What is kept is read at the start of every run."""
    files = [path for path in CORPUS.rglob("*") if path.is_file()]
    assert len(files) < 300
    assert sum(path.stat().st_size for path in files) < 1_000_000
