import numpy as np
import pandas as pd

from netad.detectors.evaluate.splits import CONTAMINATIONS, training, trials


def samples(counts):
    """Samples from {host: (normal windows, malicious windows, bad flows in each)}; a host's letter is its scenario."""
    rows = [
        {"scenario": host[0], "host": host, "window": window, "bad": bad if window >= normal else 0,
         "malicious": window >= normal}
        for host, (normal, malicious, bad) in counts.items()
        for window in range(normal + malicious)
    ]  # fmt: skip
    return pd.DataFrame(rows)


TABLE = samples({"a1": (10, 0, 0), "b1": (8, 0, 0), "b2": (5, 0, 0), "c1": (1, 0, 0), "v": (5, 4, 12), "w": (0, 2, 5)})


def one(split, seed=0, table=TABLE):
    """The first trial of a split."""
    return next(trials(table, (split,), (seed,)))


def test_the_first_windows_of_a_source_train():
    """60 % of each source's normal windows, in time order whatever the order of the rows, never a malicious one."""
    shuffled = TABLE.sample(frac=1, random_state=0, ignore_index=True)
    chosen = shuffled[training(shuffled)]
    assert chosen.groupby("host")["window"].apply(sorted).to_dict() == {
        "a1": [0, 1, 2, 3, 4, 5], "b1": [0, 1, 2, 3], "b2": [0, 1, 2], "v": [0, 1, 2],
    }  # fmt: skip
    assert not chosen["malicious"].any()


def test_windows_move_onto_known_hosts_that_were_never_malicious():
    """Up to four a host and scenario, into distinct test windows; donors have ten malicious flows or more."""
    trial = one("transplant")
    moves = pd.DataFrame([(TABLE["host"][m.target], TABLE["host"][m.donor], m.target) for m in trial.moved],
                         columns=["host", "donor", "target"])  # fmt: skip
    assert set(moves["donor"]) == {"v"}
    assert moves["host"].value_counts().to_dict() == {"a1": 4, "b1": 4, "b2": 2}
    assert not moves.duplicated(["host", "target"]).any()
    assert not set(moves["target"]) & set(trial.train)
    assert set(TABLE["host"][trial.normal]) == {"a1", "b1", "b2"}
    assert not len(trial.malicious)


def test_recorded_tests_everything_that_does_not_train():
    """Normal windows of malicious hosts count too."""
    trial = one("recorded")
    everything = np.sort(np.concatenate([trial.train, trial.normal, trial.malicious]))
    assert everything.tolist() == list(range(len(TABLE)))
    assert TABLE["malicious"][trial.malicious].all()
    assert "v" in set(TABLE["host"][trial.normal])


def test_hosts_are_either_known_or_tested():
    """Half of the clean sources that have training windows train; none of their windows is tested."""
    drawn = set()
    for seed in range(20):
        trial = one("hosts", seed)
        known, tested = (set(TABLE["host"][rows]) for rows in (trial.train, trial.normal))
        assert len(known) == 1
        assert not known & (tested | set(TABLE["host"][trial.malicious]))
        assert "v" not in known
        drawn |= known
    assert drawn == {"a1", "b1", "b2"}


def test_contamination_replaces_training_windows():
    """As many windows train, at least one of them malicious; the test is that of the transplant."""
    clean = one("transplant")
    dirty = list(trials(TABLE, ("contaminated",), (0,)))
    assert [trial.contamination for trial in dirty] == list(CONTAMINATIONS)
    for trial in dirty:
        assert len(trial.train) == len(clean.train)
        assert TABLE["malicious"][trial.train].sum() == 1
        assert trial.moved == clean.moved
        assert trial.normal.tolist() == clean.normal.tolist()


def test_the_seed_decides_what_is_drawn():
    """The same seed draws the same, another one something else."""
    assert one("transplant", 1).moved == one("transplant", 1).moved
    assert one("transplant", 1).moved != one("transplant", 2).moved


def test_a_table_without_malicious_or_clean_hosts_makes_empty_trials():
    """Nothing to move or to train on is no error here."""
    assert one("transplant", table=samples({"a": (4, 0, 0)})).moved == ()
    alone = samples({"v": (0, 3, 12)})
    for trial in trials(alone, ("transplant", "recorded", "hosts", "contaminated"), (0,)):
        assert not len(trial.train)
