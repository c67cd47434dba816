import errno
import logging

import pytest
import torch

from netad.detectors.transformer import checkpoints
from netad.detectors.transformer.checkpoints import Checkpoint, State, optimizer_tensors, restore_optimizer


@pytest.fixture
def state():
    """Where some training stands."""
    return State(7, 0.5, 4, {"now.weight": torch.arange(4.0)})


def test_a_state_comes_back_for_the_same_training_only(tmp_path, state):
    """What was kept is found by who has the same fingerprint, until it is cleared."""
    path = tmp_path / "training"
    Checkpoint(path, "mine").save(state)
    found = Checkpoint(path, "mine").load()
    assert (found.step, found.best, found.best_step) == (7, 0.5, 4)
    assert torch.equal(found.tensors["now.weight"], state.tensors["now.weight"])
    assert Checkpoint(path, "another").load() is None
    Checkpoint(path, "mine").clear()
    assert Checkpoint(path, "mine").load() is None
    assert list(tmp_path.iterdir()) == []


def test_without_a_path_nothing_is_kept(state):
    """A training that nobody asked to keep leaves no file."""
    checkpoint = Checkpoint(None, "mine")
    checkpoint.save(state)
    checkpoint.clear()
    assert checkpoint.load() is None


def test_a_full_disk_costs_the_state_and_not_the_training(tmp_path, state, monkeypatch, caplog):
    """One sentence, no second try, and what was kept before is still whole."""
    path = tmp_path / "training"
    Checkpoint(path, "mine").save(state)

    def full(*_args, **_named):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoints, "save", full)
    checkpoint = Checkpoint(path, "mine")
    with caplog.at_level(logging.WARNING):
        checkpoint.save(State(9, 0.6, 9, state.tensors))
        checkpoint.save(State(10, 0.6, 9, state.tensors))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "No space left on device" in caplog.text
    assert Checkpoint(path, "mine").load().step == 7
    assert [one.name for one in tmp_path.iterdir()] == ["training"]


def test_a_damaged_state_is_not_used(tmp_path, caplog):
    """Training starts anew, and says why."""
    path = tmp_path / "training"
    path.write_bytes(b"half a file")
    assert Checkpoint(path, "mine").load() is None
    assert "damaged" in caplog.text


def test_an_optimizer_goes_on_where_it_was():
    """Restored, it takes the same next step."""
    weights = [torch.nn.Parameter(torch.ones(3)) for _ in range(2)]
    optimizers = [torch.optim.AdamW([one], lr=0.1) for one in weights]

    def step(place, gradient):
        weights[place].grad = torch.tensor(gradient)
        optimizers[place].step()

    step(0, [1.0, 2.0, 3.0])
    with torch.no_grad():
        weights[1].copy_(weights[0])
    kept = {name: one.clone() for name, one in optimizer_tensors(optimizers[0]).items()}
    restore_optimizer(optimizers[1], kept)
    for place in (0, 1):
        step(place, [0.5, 0.0, -1.0])
    assert torch.equal(*weights)
