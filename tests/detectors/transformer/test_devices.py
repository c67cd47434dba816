import pytest
import torch

from netad.core.errors import ConfigError
from netad.detectors.transformer.devices import autocast, chosen_device, has_bf16


@pytest.mark.parametrize(
    ("there", "wanted", "got"), [(False, "auto", "cpu"), (True, "auto", "cuda"), (True, "cpu", "cpu")]
)
def test_a_gpu_is_used_where_there_is_one(there, wanted, got, monkeypatch):
    """Left alone, the device is the best there is."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert chosen_device(wanted) == got


def test_a_gpu_that_is_not_there_is_a_sentence(monkeypatch):
    """Asked for and absent: the operator is told."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="torch finds no GPU"):
        chosen_device("cuda")


@pytest.mark.parametrize("able", [True, False])
def test_short_numbers_are_used_where_the_processor_has_them(able, monkeypatch):
    """`auto` calculates in 16 bits if the processor does so by itself; what is asked for counts."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": able}, raising=False)
    assert has_bf16("cpu") is able
    for precision, expected in (("auto", able), ("fp32", False), ("bf16", True)):
        with autocast("cpu", precision):
            product = torch.ones(2, 2) @ torch.ones(2, 2)
        assert (product.dtype == torch.bfloat16) is expected
