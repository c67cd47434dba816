"""What shells are told: as a shell asks, in a process of its own, and in bash itself."""

import os
import shutil
import subprocess
import sys

import pytest

from netad.cli import COMMANDS, COMPLETING
from netad.cli.completion import SHELLS
from netad.outputs.base import OUTPUTS


def completions(*words):
    """Return (type, value) of what the last word may become, as bash is told."""
    environment = {**os.environ, COMPLETING: "bash_complete", "COMP_WORDS": " ".join(words),
                   "COMP_CWORD": str(len(words) - 1)}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "netad"], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return [tuple(line.split(",", 1)) for line in done.stdout.splitlines() if line]


def values(*words):
    return [value for _, value in completions(*words)]


def test_commands_are_completed():
    """All of them, those of groups too, by their beginning."""
    assert values("netad", "") == list(COMMANDS)
    assert values("netad", "ing") == ["ingest"]
    assert values("netad", "rules", "l") == ["lint", "list"]


def test_options_and_their_choices_are_completed():
    """Click does it by itself; metavars have no part in it."""
    assert "--model-type" in values("netad", "ingest", "x", "--model")
    assert values("netad", "ingest", "x", "--flows", "an") == ["anomalous"]


def test_names_of_outputs_detectors_and_built_in_rules_are_completed():
    """By what the registries hold."""
    assert values("netad", "ingest", "x", "--to", "") == list(OUTPUTS)
    assert values("netad", "ingest", "x", "--to", "el") == ["elastic"]
    assert values("netad", "ingest", "x", "--model-type", "iso") == ["isolation_forest"]
    assert values("netad", "rules", "lint", "builtin:d") == ["builtin:dhcp", "builtin:dns-resolvers"]
    assert values("netad", "history", "par") == ["parquet:"]


@pytest.mark.parametrize("words", [("ingest", "cap"), ("ingest", ""), ("scan", ""), ("rules", "lint", ""),
                                   ("train", "x", "--model", "mod"), ("history", "./st")])  # fmt: skip
def test_files_are_left_to_the_shell(words):
    """Wherever a file or a folder may stand."""
    assert completions("netad", *words) == [("file", words[-1])]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_for_each_shell(run, shell):
    """It asks netad by the variable that netad looks at."""
    code, out, _ = run("completion", shell)
    assert (code, f"{COMPLETING}={shell}_complete" in out) == (0, True)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes(run, tmp_path):
    """The script loads, and its function fills in what netad says."""
    (tmp_path / "netad").write_text(f'#!/bin/sh\nexec {sys.executable} -m netad "$@"\n')
    (tmp_path / "netad").chmod(0o755)
    (tmp_path / "script").write_text(run("completion", "bash")[1])
    asked = 'source ./script; COMP_WORDS=(netad ing); COMP_CWORD=1; _netad_completion netad; echo "${COMPREPLY[*]}"'
    done = subprocess.run(
        ["bash", "--norc", "-c", asked], cwd=tmp_path, env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "ingest\n"
