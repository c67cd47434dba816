"""Says that kernels are being compiled: the first run on a machine takes seconds longer than others."""

import functools
import logging

from numba.core import event

# By the module that a kernel is in: what is being compiled.
_WHAT = {"netad.ingest.engine.": "the packet engine", "netad.ingest.logs.": "the log readers",
         "netad.extract.": "the packet finder"}  # fmt: skip


@functools.cache
def watch_compiler() -> None:
    """Say, from now on, once for each of them, that the packet engine or others of `_WHAT` are being compiled."""
    event.register("numba:compile", _Announcement())  # type: ignore[no-untyped-call]


class _Announcement(event.Listener):
    def on_start(self, event: event.Event) -> None:
        """Say it, whichever kernel is the first."""
        module = getattr(getattr(event.data["dispatcher"], "py_func", None), "__module__", None) or ""
        for room, what in _WHAT.items():
            if module.startswith(room):
                _announce(what)

    def on_end(self, event: event.Event) -> None:
        """Nothing to do."""


@functools.cache
def _announce(what: str) -> None:
    logging.getLogger("netad.ingest").info("compiling %s, once per machine", what)
