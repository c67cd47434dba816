"""Who named which name first."""

import numpy as np

from netad import name_users
from netad.core.state_file import read_state, write_state
from netad.ingest.facts.batch import FACT_COLUMNS, FactBatch, FactKind
from netad.name_users import NameUsers


def said(*rows):
    """Return DNS facts of (source, name, time) and their names."""
    empty = {spec.name: "" if spec.dtype == "object" else 0 for spec in FACT_COLUMNS[FactKind.DNS]}
    batch = FactBatch.from_rows(
        FactKind.DNS, [empty | {"orig_lo": who, "query": name, "time_ns": time_ns} for who, name, time_ns in rows]
    )
    return batch, batch["query"]


def of(*batches, **more):
    users = NameUsers(**more)
    for rows in batches:
        users.add(*said(*rows))
    return users


ROWS = [(1, "odd.example", 10), (1, "odd.example", 90), (2, "news.example", 20), (3, "news.example", 30), (3, "", 31),
        (4, "mail.example", 40), (2, "odd.example", 50)]  # fmt: skip


def test_a_name_is_rare_until_another_source_names_it():
    """By the time asked for, and only where enough others have named something by then."""
    users = of(ROWS)
    assert [users.is_rare("odd.example", time_ns) for time_ns in (25, 35, 50, 51)] == [False, True, True, False]
    assert not users.is_rare("news.example", 100)
    assert not users.is_rare("never.example", 100)


def test_the_order_and_the_batches_make_no_difference():
    """Facts come late, and cut anyhow: times tell."""
    whole = of(ROWS)
    for pieces in ([[row] for row in reversed(ROWS)], [ROWS[4:], ROWS[:4]]):
        cut = of(*pieces)
        for name in ("odd.example", "news.example", "mail.example"):
            for time_ns in range(0, 100, 5):
                assert cut.is_rare(name, time_ns) == whole.is_rare(name, time_ns)


def test_it_goes_on_from_a_state(tmp_path):
    """Through a file, in the middle of it."""
    users = of(ROWS[:4])
    write_state(tmp_path / "users", users.carry())
    back = NameUsers()
    back.resume(read_state(tmp_path / "users"))
    back.add(*said(*ROWS[4:]))
    assert [back.is_rare("odd.example", time_ns) for time_ns in (35, 50, 51)] == [True, True, False]
    assert np.array_equal(back.carry()["users"], of(ROWS).carry()["users"])


def test_memory_has_a_bound(monkeypatch):
    """Names beyond it are not rare: nothing is claimed of what is not known. Names not asked for are passed over."""
    monkeypatch.setattr(name_users, "MOST_NAMES", 2)
    users = of(ROWS)
    assert users.forgotten == 1
    assert not users.is_rare("mail.example", 100)
    assert not of(ROWS, only={"odd.example"}).is_rare("mail.example", 100)
