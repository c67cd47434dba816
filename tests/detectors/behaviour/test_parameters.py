import re
from dataclasses import dataclass

import pytest

from netad.core.errors import ConfigError
from netad.detectors.behaviour.parameters import read_block


@dataclass(frozen=True)
class Block:
    count: int = 3
    share: float = 0.5
    strict: bool = False
    ports: tuple[int, ...] = (22,)
    names: tuple[str, ...] = ("a.example",)


def test_values_are_read_as_their_defaults_are():
    """Text or YAML values; lists, or one thing for a list of one; what is not given keeps its default."""
    given = {"count": "7", "share": "2.5", "strict": "yes", "ports": ["80", 443], "names": "b.example"}
    assert read_block("scan", Block, given) == Block(7, 2.5, True, (80, 443), ("b.example",))
    assert read_block("scan", Block, {"ports": []}) == Block(ports=())
    assert read_block("scan", Block, {}) == Block()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("count", "2.5", "'2.5' is not a whole number"),
        ("count", 0, "0 is not a usable number above 0"),
        ("share", "much", "'much' is not a number"),
        ("share", "nan", "'nan' is not a usable number above 0"),
        ("share", [1], "[1] is not one value"),
        ("strict", "perhaps", "'perhaps' is neither true nor false"),
        ("ports", [70_000], "70000 is no port"),
        ("prots", 1, "unknown parameter 'prots'; did you mean 'ports'?"),
    ],
)
def test_values_that_make_no_sense(key, value, message):
    """The message says which behaviour and parameter."""
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        read_block("scan", Block, {key: value})
    assert str(caught.value).startswith("behaviours: scan: ")
