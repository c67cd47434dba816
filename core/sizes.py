"""Numbers of bytes as people write them."""

import re

from netad.core.errors import ConfigError

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
          "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}  # fmt: skip


def parse_size(text: str) -> int:
    """Return bytes from `500MB`, `1GiB`, `1.5 GB` or a plain number, at least 1.

    Raises:
        ConfigError: it is no such size.
    """
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)", text.strip().lower(), re.ASCII)
    if match is None or match[2] not in _UNITS or (size := round(float(match[1]) * _UNITS[match[2]])) < 1:
        raise ConfigError(f"{text!r} is not a size such as 500MB or 1GiB")
    return size
