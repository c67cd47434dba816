import numpy as np
import pytest

from netad.core import carried
from netad.core.carried import (
    Carried,
    State,
    array_of,
    number_of,
    octets_of,
    part_of,
    same_setting,
    texts_array,
    texts_of,
    time_of,
)
from netad.core.errors import StateError

STATE: State = {
    "part": {"number": 3},
    "number": 7,
    "flag": True,
    "none": None,
    "octets": b"x",
    "texts": ["a", "b"],
    "mixed": ["a", 1],
    "array": np.arange(6, dtype=np.int64).reshape(2, 3),
}


class Counter:
    """Something that is carried."""

    def carry(self) -> State:
        return {"count": 1}

    def resume(self, state: State) -> None:
        number_of(state, "count")


def test_what_has_both_methods_is_carried():
    """The protocol can be asked for at run time; an object without the methods is not carried."""
    assert isinstance(Counter(), Carried)
    assert not isinstance(object(), Carried)


def test_a_state_gives_what_it_holds():
    """Every accessor returns the value under the name, as it is."""
    assert part_of(STATE, "part") == {"number": 3}
    assert number_of(STATE, "number") == time_of(STATE, "number") == 7
    assert time_of(STATE, "none") is None
    assert octets_of(STATE, "octets") == b"x"
    assert texts_of(STATE, "texts") == ["a", "b"]
    assert array_of(STATE, "array", np.int64, (-1, 3)) is STATE["array"]


@pytest.mark.parametrize(
    ("accessor", "name"),
    [
        ("part_of", "number"), ("part_of", "missing"), ("number_of", "flag"), ("number_of", "none"),
        ("time_of", "missing"), ("time_of", "texts"), ("octets_of", "texts"), ("texts_of", "mixed"),
        ("texts_of", "octets"),
    ],
)  # fmt: skip
def test_what_is_missing_or_of_another_kind_is_an_error_of_the_state(accessor, name):
    """Neither a missing value nor one of the wrong type gets any further, and the sentence names it."""
    with pytest.raises(StateError, match=name):
        getattr(carried, accessor)(STATE, name)


@pytest.mark.parametrize(("dtype", "shape"), [(np.int32, (-1, 3)), (np.int64, (-1,)), (np.int64, (2, 4))])
def test_an_array_of_another_type_or_shape_is_an_error_of_the_state(dtype, shape):
    """Type, number of axes and lengths are what the caller asks for."""
    with pytest.raises(StateError):
        array_of(STATE, "array", dtype, shape)


def test_texts_become_an_array_of_objects():
    """Every text is an element, whatever their lengths, and none of them gives an empty array."""
    assert texts_array(["one", ""]).tolist() == ["one", ""]
    assert texts_array([]).dtype == object


def test_another_setting_is_said():
    """The same value passes; another one, or none, names the setting."""
    same_setting(STATE, "number", 7, "window")
    for name in ("part", "missing"):
        with pytest.raises(StateError, match="another window"):
            same_setting(STATE, name, 8, "window")
