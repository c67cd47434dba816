import sys

from netad.progress import _rate, _total, progress, step_progress, training_progress


def test_nothing_in_a_pipe(monkeypatch):
    """Where stderr is no terminal there is no bar."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    with progress(quiet=False) as bar:
        assert bar is None


def test_a_bar_on_a_terminal(monkeypatch, tmp_path, capsys):
    """On a terminal the bar takes the bytes read so far, and is gone when it has been stopped."""
    (tmp_path / "a.pcap").write_bytes(b"12345")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress(quiet=False) as bar:
        assert bar is not None
        bar.expect([str(tmp_path / "a.pcap")])
        bar(3)
        bar.stop()
        capsys.readouterr()
        bar(4)
        assert capsys.readouterr().err == ""


def test_quiet_means_quiet(monkeypatch):
    """--quiet has no bar even on a terminal."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress(quiet=True) as bar:
        assert bar is None


def test_the_total_is_known_for_files_only(tmp_path):
    """Stdin and what is gone have no known size."""
    (tmp_path / "a").write_bytes(b"123")
    (tmp_path / "b").write_bytes(b"45")
    assert _total([str(tmp_path / "a"), str(tmp_path / "b")]) == 5
    assert _total([str(tmp_path / "a"), "-"]) is None


def test_training_takes_the_place_of_reading(monkeypatch, capsys):
    """The bar of training steps comes with the first step, and goes with the last; without a bar before, none."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress(quiet=False) as bar, training_progress(bar) as on_step:
        for done in (1, 2):
            on_step(done, 2)
        assert "training" in capsys.readouterr().err
        on_step(2, 2)
    with training_progress(None) as on_step:
        assert on_step is None


def test_steps_are_counted_on_a_terminal_only(monkeypatch, capsys):
    """With how many are done, and gone at the end; nothing in a pipe or with --quiet."""
    for terminal, quiet in ((False, False), (True, True)):
        monkeypatch.setattr(sys.stderr, "isatty", lambda terminal=terminal: terminal)
        with step_progress("judging", quiet) as on_step:
            assert on_step is None
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with step_progress("judging", quiet=False) as on_step:
        on_step(1, 3)
    assert "1/3" in capsys.readouterr().err


def test_rates_are_told_as_far_as_they_are_known():
    """Fast ones without fractions."""
    assert [_rate(speed) for speed in (None, 0.123, 3.14, 12345.6)] == ["", "0.12/s", "3.1/s", "12,346/s"]
