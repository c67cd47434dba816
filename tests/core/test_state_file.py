import json
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from netad.core.errors import ExitCode, StateError
from netad.core.state_file import VERSION, read_state, write_state

ROWS = np.dtype([("key", "<u8"), ("early", "?"), ("name", "S4")])
STATE = {
    "numbers": np.arange(1000, dtype=np.int64),
    "rows": np.array([(1, True, b"ab"), (2, False, b"")], dtype=ROWS),
    "texts": np.array(["ä", "", "\udcff"], dtype=object),
    "part": {"octets": b"\x00\xff", "list": [1, 2.5, "three", None, [b"four"], np.zeros(2)], "empty": {}},
    "time": 1 << 62,
    "not": float("nan"),
}

_TEXT = st.text(st.characters(codec=None), max_size=8)
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    _TEXT,
    st.binary(max_size=40),
    arrays.arrays(
        st.sampled_from(["<i8", ">u4", "<f8", "?", "S5", ROWS]), arrays.array_shapes(min_dims=0, max_dims=3, min_side=0)
    ),
    st.lists(_TEXT, max_size=5).map(lambda texts: np.array([*texts, None], dtype=object)[:-1]),
)
_VALUES = st.recursive(
    _LEAVES, lambda each: st.one_of(st.lists(each, max_size=4), st.dictionaries(_TEXT, each, max_size=4)), max_leaves=12
)


def same(one, other):
    """Tell whether two values of states are the same, types included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        if one.dtype == object:
            one, other = one.astype("U"), other.astype("U")
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    return repr(one) == repr(other)


@given(st.dictionaries(_TEXT, _VALUES, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_is_read_is_what_was_written(tmp_path, state):
    """Keys in their order, leaves of every kind, arrays with type and shape: all come back as they were."""
    path = tmp_path / "state"
    write_state(path, state)
    assert same(read_state(path), state)


def test_equal_states_are_equal_bytes(tmp_path):
    """Nothing of the time or the place of writing is in a file."""
    write_state(tmp_path / "one", STATE)
    write_state(tmp_path / "other", STATE)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_a_view_is_written_as_what_it_shows(tmp_path):
    """Every second column and the transposed array come back with their values."""
    table = np.arange(24).reshape(4, 6)
    write_state(tmp_path / "state", {"view": table[:, ::2], "turned": table.T})
    state = read_state(tmp_path / "state")
    assert state["view"].tolist() == table[:, ::2].tolist()
    assert state["turned"].tolist() == table.T.tolist()


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
def test_a_damaged_file_is_an_error_of_the_state_or_the_same_state(tmp_path, data):
    """Flipped, cut, inserted bytes: StateError, or what was written where the damage is in what nothing depends on."""
    path = tmp_path / "state"
    write_state(path, STATE)
    octets = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(octets) - 1))
    match data.draw(st.sampled_from(["flip", "cut", "insert", "zeros"])):
        case "flip":
            octets[at] ^= data.draw(st.integers(1, 255))
        case "cut":
            del octets[at:]
        case "insert":
            octets[at:at] = data.draw(st.binary(min_size=1, max_size=9))
        case _:
            octets[at : at + 64] = bytes(len(octets[at : at + 64]))
    path.write_bytes(octets)
    try:
        state = read_state(path)
    except StateError:
        return
    assert same(state, STATE)


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_other_file_is_an_error_of_the_state(tmp_path, octets):
    """Bytes that are no state never raise anything else."""
    path = tmp_path / "state"
    path.write_bytes(octets)
    with pytest.raises(StateError):
        read_state(path)


def test_a_missing_file_is_an_error_of_the_state(tmp_path):
    """It is named, and the command line ends as for a wrong configuration."""
    with pytest.raises(StateError, match="does not exist") as caught:
        read_state(tmp_path / "state")
    assert caught.value.exit_code is ExitCode.USAGE


def _made(path, tree, members=(), kind=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", kind) as archive:
        archive.writestr("state.json", json.dumps(tree))
        for name, octets in members:
            archive.writestr(name, octets)


def test_a_newer_version_is_told_apart(tmp_path):
    """Who goes back to an older netad reads that, not that the file is damaged."""
    _made(tmp_path / "state", {"version": VERSION + 1, "state": {}})
    with pytest.raises(StateError, match="newer version of netad"):
        read_state(tmp_path / "state")


def _array(kind, *shape):
    return {"version": 1, "state": {"a": ["array", "0.npy", kind, list(shape)]}}


@pytest.mark.parametrize(
    ("tree", "members", "kind"),
    [
        ({"version": 1, "state": []}, (), zipfile.ZIP_STORED),
        (_array("<i8", 1), (), zipfile.ZIP_STORED),
        (_array("<i8", 1 << 50), [("0.npy", b"x" * 128)], zipfile.ZIP_STORED),
        (_array("<i8", -1), [("0.npy", b"x" * 120)], zipfile.ZIP_STORED),
        (_array("<i8", 1), [("0.npy", b"x" * 136)], zipfile.ZIP_STORED),
        (_array("O", 1), [("0.npy", b"x" * 136)], zipfile.ZIP_STORED),
        (_array("what", 1), [("0.npy", b"x" * 136)], zipfile.ZIP_STORED),
        ({"version": 1, "state": {"a": ["bytes", "%"]}}, (), zipfile.ZIP_STORED),
        ({"version": 1, "state": {"a": ["what"]}}, (), zipfile.ZIP_STORED),
        ({"version": 1, "state": {}}, [("more.npy", b"")], zipfile.ZIP_STORED),
        ({"version": 1, "state": {"a": "x" * 100_000}}, (), zipfile.ZIP_DEFLATED),
        ({"version": "1", "state": {}}, (), zipfile.ZIP_STORED),
    ],
)
def test_a_file_that_lies_is_an_error_of_the_state(tmp_path, tree, members, kind):
    """Arrays that are not there or claim another size, unknown words, members nobody names, compressed ones."""
    _made(tmp_path / "state", tree, members, kind)
    with pytest.raises(StateError, match="damaged"):
        read_state(tmp_path / "state")


@pytest.mark.parametrize(
    "value", [object(), (1, 2), {1: 2}, np.array([1, None], dtype=object), np.int64(3), np.zeros(2, [("a", "i8", 3)])]
)
def test_what_no_state_may_hold_is_refused(tmp_path, value):
    """It is a mistake of the program, and leaves no file."""
    with pytest.raises(TypeError):
        write_state(tmp_path / "state", {"value": value})
    assert not list(tmp_path.iterdir())
