"""What one run leaves for the next: the contract of everything that is carried over, and checked ways to take it up."""

from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from netad.core.errors import StateError

# Nested, keys are text. Leaves: NumPy arrays (numbers, structured, fixed bytes, objects that are all str), bytes, None,
# bool, int, float, str, and lists of leaves. netad.core.state_file writes it.
State = dict[str, Any]


@runtime_checkable
class Carried(Protocol):
    """Something that goes on in the next run where this one stopped, with the same results as without a stop."""

    def carry(self) -> State:
        """Return what has to be known to go on. It is not changed by going on here."""
        ...

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned; called once, before anything else, on one made with the same settings.

        Raises:
            StateError: the state is not one that `carry` returns, or is of other settings.
        """
        ...


def part_of(state: State, name: str) -> State:
    """Return a part of a state.

    Raises:
        StateError: there is none.
    """
    found: State = _of_type(state, name, dict)
    return found


def number_of(state: State, name: str) -> int:
    """Return a whole number.

    Raises:
        StateError: there is none.
    """
    found: int = _of_type(state, name, int)
    if isinstance(found, bool):
        raise _misses(name)
    return found


def time_of(state: State, name: str) -> int | None:
    """Return a time, or None where the state says that there was none yet.

    Raises:
        StateError: the state says nothing of it.
    """
    return None if name in state and state[name] is None else number_of(state, name)


def octets_of(state: State, name: str) -> bytes:
    """Return bytes.

    Raises:
        StateError: there are none.
    """
    found: bytes = _of_type(state, name, bytes)
    return found


def texts_of(state: State, name: str) -> list[str]:
    """Return a list of texts.

    Raises:
        StateError: there is none.
    """
    found = list_of(state, name)
    texts = [each for each in found if isinstance(each, str)]
    if len(texts) != len(found):
        raise _misses(name)
    return texts


def list_of(state: State, name: str) -> list[Any]:
    """Return a list of whatever.

    Raises:
        StateError: there is none.
    """
    found: list[Any] = _of_type(state, name, list)
    return found


def numbers_of(state: State, name: str, count: int) -> list[int]:
    """Return a list of so many whole numbers.

    Raises:
        StateError: there is none.
    """
    found = list_of(state, name)
    if len(found) != count or not all(type(each) is int for each in found):
        raise _misses(name)
    return found


def array_of(state: State, name: str, dtype: object, shape: tuple[int, ...] = (-1,)) -> NDArray[Any]:
    """Return an array of one type and shape; -1 stands for any length.

    Raises:
        StateError: there is no such array.
    """
    found: NDArray[Any] = _of_type(state, name, np.ndarray)
    fits = len(found.shape) == len(shape) and all(
        wanted in (-1, there) for wanted, there in zip(shape, found.shape, strict=True)
    )
    if not fits or found.dtype != np.dtype(dtype):  # type: ignore[call-overload]  # whatever NumPy takes for a dtype
        raise _misses(name)
    return found


def texts_array(texts: Iterable[str]) -> NDArray[Any]:
    """Return texts as an array of str objects, shape (n,)."""
    listed = list(texts)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array


def same_setting(state: State, name: str, present: float | None, what: str) -> None:
    """Compare a setting that a state was made with to the present one.

    Raises:
        StateError: it was another; `what` names the setting for the operator.
    """
    if name not in state or state[name] != present:
        raise StateError(f"the state was left by a run with another {what}: go back to it, or begin with a new state")


def _of_type(state: State, name: str, kind: type[Any]) -> Any:  # noqa: ANN401 - of the kind asked for
    found = state.get(name)
    if not isinstance(found, kind):
        raise _misses(name)
    return found


def _misses(name: str) -> StateError:
    return StateError(f"the state lacks {name}, or it is none that this version of netad wrote")
