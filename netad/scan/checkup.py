"""What `netad doctor` looks at of a scan: its settings, model, rules, inputs, and the folder it keeps its state in."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from netad.core.checks import Check
from netad.core.errors import ConfigError, NetadError, RuleError
from netad.scan.settings import ScanConfig, find_settings, load_scan
from netad.scan.state import LOCK

_LOCKS = Path("/proc/locks")


def check_scan(named: str | None, environment: Mapping[str, str] = os.environ) -> Iterator[Check]:
    """Yield what holds of the scan whose settings are named, else of the one that `netad scan` would take."""
    try:
        file = find_settings(named, environment)
    except ConfigError:
        yield Check("settings", "note", "none for 'netad scan': 'netad init' writes some")
        return
    try:
        config = load_scan(file, {}, environment)
    except NetadError as error:
        yield Check("settings", "FAILED", str(error))
        return
    yield Check("settings", "ok", str(file))
    yield _model(config)
    if config.run.rules:
        yield _rules(config)
    yield from _inputs(config)
    yield _state(config.state)


def _model(config: ScanConfig) -> Check:
    from netad.judging import open_model
    from netad.outputs.wording import counted

    try:
        model, _ = open_model(config.run)
    except NetadError as error:
        return Check("model", "FAILED", str(error))
    learnt = f"{counted(model.profiles, 'profile')} of {model.window}"
    return Check("model", "ok", f"{model.name} {model.version}, learnt from {learnt} ({config.run.model})")


def _rules(config: ScanConfig) -> Check:
    from netad.outputs.wording import counted
    from netad.rules.ruleset import RuleSet

    try:
        rules = RuleSet.load(config.run.rules)
    except RuleError as error:
        more = f" (and {len(error.problems) - 1:,} more: netad rules lint)" if error.problems[1:] else ""
        return Check("rules", "FAILED", f"{error.problems[0]}{more}")
    if rules.warnings:
        warnings = counted(len(rules.warnings), "thing")
        return Check("rules", "note", f"{counted(len(rules), 'rule')}; {warnings} to look at: netad rules lint")
    return Check("rules", "ok", counted(len(rules), "rule"))


def _inputs(config: ScanConfig) -> Iterator[Check]:
    from netad.ingest.inputs import find_files
    from netad.ingest.report import IngestReport
    from netad.outputs.wording import counted

    for named in config.inputs:
        report = IngestReport()
        files = list(find_files([named], report))
        unreadable = next((path for path in files if not os.access(path, os.R_OK)), None)
        if report.problems:
            yield Check("input", "FAILED", f"{report.problems[0].path} {report.problems[0].sentence}")
        elif unreadable is not None:
            yield Check("input", "FAILED", f"{unreadable} may not be read by this user: add it to the file's group")
        else:
            yield Check("input", "ok" if files else "note", f"{named}: {counted(len(files), 'file')}")


def _state(folder: Path) -> Check:
    """Tell whether the state can be kept, and who is at work with it at this moment."""
    from netad.checkup import writable

    if not writable(folder):
        return Check("scan state", "FAILED", f"{folder} cannot be written: name another folder (state)")
    holder = lock_holder(folder / LOCK)
    if holder is not None:
        return Check("scan state", "note", f"{folder} is locked by {holder}: a scan is at work")
    return Check("scan state", "ok", f"{folder}{'' if folder.exists() else ', which is made by the first scan'}")


def lock_holder(lock: Path) -> str | None:
    """Return who holds a lock, None when nobody does: a process with its command, as far as Linux tells."""
    try:
        handle = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _process(os.fstat(handle).st_ino)
    finally:
        os.close(handle)
    return None


def _process(inode: int) -> str:
    """Return the process that holds a lock on a file (proc(5), /proc/locks), `another process` where it is not told."""
    try:
        lines = _LOCKS.read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        fields = line.split()
        if len(fields) > 5 and fields[1] == "FLOCK" and fields[5].rpartition(":")[2] == str(inode):
            try:
                words = Path(f"/proc/{fields[4]}/cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                words = []
            told = " ".join(words).strip()
            return f"process {fields[4]}" + (f" ({told})" if told else "")
    return "another process"
