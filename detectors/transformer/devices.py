"""Where the network runs, and with which numbers."""

import contextlib
from collections.abc import Iterator

import torch

from netad.core.errors import ConfigError


def chosen_device(wanted: str) -> str:
    """Return the device to use: a GPU where there is one, unless another was asked for.

    Raises:
        ConfigError: a GPU was asked for, and there is none that torch can use.
    """
    if wanted == "cuda" and not torch.cuda.is_available():
        raise ConfigError("--device cuda: torch finds no GPU here; leave --device out to use the processor")
    return wanted if wanted != "auto" else "cuda" if torch.cuda.is_available() else "cpu"


def has_bf16(device: str) -> bool:
    """Tell whether the device calculates with 16-bit brain floats by itself, and not by emulation."""
    if device != "cpu":
        return bool(torch.cuda.is_bf16_supported())
    told: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(told.get("avx512_bf16") or told.get("amx_bf16"))


@contextlib.contextmanager
def autocast(device: str, precision: str = "auto") -> Iterator[None]:
    """Calculate with 16-bit brain floats where that is asked for, or where the device has them (`auto`)."""
    wanted = precision == "bf16" or (precision == "auto" and has_bf16(device))
    with torch.autocast(device, dtype=torch.bfloat16, enabled=wanted):
        yield
