"""The ledger: ids by target and stream, bounded, shared by processes, and never a reason for a traceback."""

import contextlib
import subprocess
import sys

import pytest

from netad.core.errors import OutputError
from netad.core.identity import content_id
from netad.outputs.ledger import FILE, Ledger


def identity(second):
    return content_id(second * 1_000_000_000, "test", second)


@pytest.fixture
def ledger(tmp_path):
    """A function that opens the ledger of one folder; all are closed at the end."""
    with contextlib.ExitStack() as stack:
        yield lambda **options: stack.enter_context(contextlib.closing(Ledger(tmp_path / "state" / FILE, **options)))


def test_ids_are_remembered_by_the_next_run(ledger):
    """What one run delivered the next one knows, ids of another form as well."""
    ids = [*map(identity, range(1200)), "an id of someone else"]
    ledger().add("http://a", "flow", ids)
    assert ledger().known("http://a", "flow", [*ids, identity(5000)]) == set(ids)


def test_targets_and_streams_are_told_apart(ledger):
    """An id is known where it went, and nowhere else."""
    made = ledger()
    made.add("http://a", "flow", [identity(1)])
    assert made.known("http://b", "flow", [identity(1)]) == set()
    assert made.known("http://a", "anomaly", [identity(1)]) == set()


def test_the_oldest_traffic_is_forgotten_first(ledger):
    """A stream keeps a number of ids; what goes is the oldest by the time ids begin with, whenever it was added."""
    made = ledger(most=100)
    made.add("http://a", "flow", map(identity, range(50, 100)))
    made.add("http://a", "flow", map(identity, range(60)))
    made.add("http://b", "flow", [identity(0)])
    every = [identity(second) for second in range(100)]
    assert made.known("http://a", "flow", every) == set(every)
    made.add("http://a", "flow", [identity(100)])
    assert made.known("http://a", "flow", every) == set(every[11:])
    assert made.known("http://b", "flow", every) == {identity(0)}


def test_the_same_id_twice_counts_once(ledger):
    """Adding known ids again neither fails nor makes the ledger forget others."""
    made = ledger(most=10)
    for _ in range(5):
        made.add("http://a", "flow", map(identity, range(10)))
    assert len(made.known("http://a", "flow", list(map(identity, range(10))))) == 10


def test_processes_share_it(ledger, tmp_path):
    """Four processes that write at once lose nothing of each other."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom netad.outputs.ledger import Ledger\n"
        "path, number = Path(sys.argv[1]), int(sys.argv[2])\n"
        "ledger = Ledger(path)\n"
        "for turn in range(20):\n    ledger.add('t', 's', [f'{number}-{turn}-{k}' for k in range(50)])\n"
        "ledger.close()\n"
    )
    command = [sys.executable, "-c", code, tmp_path / "state" / FILE]
    processes = [subprocess.Popen([*command, str(number)]) for number in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    ids = [f"{number}-{turn}-{k}" for number in range(4) for turn in range(20) for k in range(50)]
    assert ledger().known("t", "s", ids) == set(ids)


@pytest.mark.parametrize("damage", ["folder", "garbage"])
def test_a_file_that_is_no_ledger(ledger, tmp_path, damage):
    """A file that cannot be used is one sentence with its name."""
    (tmp_path / "state").mkdir()
    if damage == "folder":
        (tmp_path / "state" / FILE).mkdir()
    else:
        (tmp_path / "state" / FILE).write_bytes(b"no database " * 500)
    with pytest.raises(OutputError, match=r"ledger\.sqlite3 cannot be used"):
        ledger().known("http://a", "flow", [identity(1)])


def test_it_is_private(ledger, tmp_path):
    """Other users of the machine do not read what was delivered."""
    ledger().add("http://a", "flow", [identity(1)])
    assert (tmp_path / "state" / FILE).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
