"""Runs one target under atheris: `python -m fuzz.target NAME [libFuzzer's arguments]`. Started by `python -m fuzz`."""

import importlib
import os
import shlex
import sys

os.environ["NUMBA_DISABLE_JIT"] = "1"  # atheris sees Python code only


def main() -> None:
    """Import the target with its code instrumented, and fuzz it."""
    import atheris

    with atheris.instrument_imports(include=["netad.ingest"]):
        target = importlib.import_module(f"fuzz.{sys.argv[1]}")
    # Merging, libFuzzer starts itself again by this name.
    itself = shlex.join([sys.executable, "-m", "fuzz.target", sys.argv[1]])
    atheris.Setup([itself, f"-max_len={target.LONGEST}", *sys.argv[2:]], target.one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
