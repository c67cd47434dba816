import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from netad.core.errors import ModelError
from netad.profiles import knowledge_files
from netad.profiles.item_set import MOST_BITS, ItemSet
from netad.profiles.knowledge_files import HABITS, HOSTS, SETS
from netad.profiles.meetings import MeetingKind
from netad.profiles.novelty import Knowledge, Scope


@pytest.fixture
def knowledge(flow, closed):
    """What two hosts met."""
    batch = closed([flow(source=f"10.0.0.{k % 2}", destination=f"192.0.2.{k}", start=k) for k in range(9)])
    return Knowledge.learn(batch, peer_networks=("10.0.0.0/16",))


def test_it_measures_the_same_after_saving(tmp_path, knowledge, flow, closed):
    """Everything comes back, the configured peers too; equal knowledge is equal bytes."""
    knowledge.save(tmp_path)
    loaded = Knowledge.load(tmp_path)
    visit = closed([flow(source="10.0.0.1", destination=f"192.0.2.{k}", resp_port=k) for k in range(20)])
    pd.testing.assert_frame_equal(loaded.measure(visit), knowledge.measure(visit), check_exact=True)
    assert loaded.peer_networks == ("10.0.0.0/16",)
    assert loaded.windows.tolist() == knowledge.windows.tolist()
    again = tmp_path / "again"
    again.mkdir()
    loaded.save(again)
    for name in (HOSTS, HABITS, SETS):
        assert (again / name).read_bytes() == (tmp_path / name).read_bytes()


def test_nothing_can_be_saved_too(tmp_path):
    """Knowledge of no profile comes back as such."""
    none = np.empty(0, dtype=np.uint64)
    Knowledge(none, none, np.empty(0, dtype=np.int64)).save(tmp_path)
    assert len(Knowledge.load(tmp_path).hosts) == 0


def test_ten_million_destinations_stay_under_fifty_megabytes(tmp_path, monkeypatch):
    """A fiftieth of that, within a fiftieth of the room; what is lost is said, and is what was measured.

    What a hash costs depends on how many bits it has beyond those that count the hashes, so a fiftieth is like all.
    """
    part = 50
    monkeypatch.setattr(knowledge_files, "MOST_BYTES", knowledge_files.MOST_BYTES // part)
    monkeypatch.setattr(knowledge_files, "LEAST_SET_BYTES", knowledge_files.LEAST_SET_BYTES // part)
    draw = np.random.default_rng(1)

    def items(count):
        return ItemSet.of(draw.integers(0, 2**64, count // part, dtype=np.uint64))

    sets = {
        (MeetingKind.DESTINATION, Scope.ALL): items(10_000_000),
        (MeetingKind.DESTINATION, Scope.OWN): items(10_000_000),
        (MeetingKind.NETWORK, Scope.ALL): items(1_500_000),
        (MeetingKind.NETWORK, Scope.OWN): items(1_500_000),
    }
    hosts = np.sort(draw.integers(0, 2**64, 1000 // part, dtype=np.uint64))
    Knowledge(hosts, hosts, np.ones(len(hosts), dtype=np.int64), sets).save(tmp_path)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 50_000_000 // part
    loaded = Knowledge.load(tmp_path)
    assert loaded.false_positive_rate < 1 / 3000
    largest = loaded.sets[MeetingKind.DESTINATION, Scope.ALL]
    assert largest.bits < MOST_BITS
    asked = 400_000
    mistaken = largest.holds(draw.integers(0, 2**64, asked, dtype=np.uint64)).sum()
    assert mistaken < asked * largest.false_positive_rate + 5 * np.sqrt(asked * largest.false_positive_rate)


@pytest.mark.parametrize("name", [HOSTS, HABITS, SETS])
@pytest.mark.parametrize("content", [None, b"", b"PAR1" + b"\xff" * 50 + b"PAR1"])
def test_damaged_files_are_one_sentence(tmp_path, knowledge, name, content):
    """A missing, empty or foreign file."""
    knowledge.save(tmp_path)
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match="missing or damaged"):
        Knowledge.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "column", "change"),
    [
        (HOSTS, "host", lambda values: values[::-1]),
        (HABITS, "host", lambda values: [99] * len(values)),
        (HABITS, "count", lambda values: [-1] * len(values)),
        (SETS, "head", lambda values: values[::-1]),
        (SETS, "head", lambda values: [-1] * len(values)),
    ],
)
def test_wrong_contents_are_refused(tmp_path, knowledge, name, column, change):
    """Out of order, pointing nowhere, impossible: an error, not wrong answers."""
    knowledge.save(tmp_path)
    _rewrite(tmp_path / name, column, change)
    with pytest.raises(ModelError, match="missing or damaged"):
        Knowledge.load(tmp_path)


@pytest.mark.parametrize("about", [{}, {"sets": [{"kind": 99, "scope": 0, "bits": 40, "items": 1}]}])
def test_wrong_descriptions_are_refused(tmp_path, knowledge, about):
    """What the description of the sets says must fit."""
    knowledge.save(tmp_path)
    table = pq.read_table(tmp_path / SETS).replace_schema_metadata({b"netad": json.dumps(about)})
    pq.write_table(table, tmp_path / SETS)
    with pytest.raises(ModelError, match="missing or damaged"):
        Knowledge.load(tmp_path)


def _rewrite(path, column, change):
    table = pq.read_table(path)
    values = pa.array(change(table[column].to_pylist()), table.schema.field(column).type)
    place = table.schema.get_field_index(column)
    pq.write_table(table.set_column(place, table.schema.field(column), values), path)
