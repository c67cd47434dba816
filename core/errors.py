"""The errors netad raises on purpose: one clear sentence each, and the exit code the command line ends with."""

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command. Where several apply, the order is 5, 4, 3."""

    DONE = 0
    """done; anomalies are no failure"""
    INTERNAL = 1
    """internal error, to be reported; `netad rules test`: a case did not end as it says"""
    USAGE = 2
    """usage, configuration, rules, model or state: nothing was read"""
    INPUT = 3
    """done, but some inputs were skipped, cut or unreadable"""
    OUTPUT = 4
    """an output refused or could not be reached; unsent events are spooled"""
    SPOOL = 5
    """there is no durable place left for unsent events or for the state"""
    ANOMALIES = 10
    """`netad rules simulate`: a true positive would be hidden"""
    LOCKED = 11
    """another `netad scan` is at work with this state"""
    INTERRUPTED = 130
    """interrupted (Ctrl-C or SIGTERM); the next run goes on"""


@dataclass(frozen=True, slots=True)
class Location:
    """Where in a file something is wrong. Line, column and record count from 1."""

    path: str
    line: int | None = None
    column: int | None = None
    record: int | None = None

    def __str__(self) -> str:
        if self.record is not None:
            return f"{self.path}, record {self.record}"
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part is not None)


class NetadError(Exception):
    """Base of all expected errors. `message` is one sentence for the operator, without a full stop."""

    exit_code = ExitCode.INTERNAL

    def __init__(self, message: str, where: Location | None = None) -> None:
        self.message = message
        self.where = where
        super().__init__(f"{where}: {message}" if where else message)


class ConfigError(NetadError):
    """A flag, an environment variable or the configuration file is wrong."""

    exit_code = ExitCode.USAGE


class RuleError(NetadError):
    """Rule files do not load. `problems` holds one line for each, `FILE:LINE:COLUMN: sentence`."""

    exit_code = ExitCode.USAGE

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class ModelError(NetadError):
    """A model is missing, damaged, from another feature set or of an unknown format version."""

    exit_code = ExitCode.USAGE


class StateError(NetadError):
    """What an earlier run left is missing, damaged, of a newer version or of other settings."""

    exit_code = ExitCode.USAGE


class NewerStateError(StateError):
    """What an earlier run left is of a version of netad that is newer than this one."""


class LockedError(NetadError):
    """Another run is at work where this one was to be."""

    exit_code = ExitCode.LOCKED


class MissingExtraError(NetadError):
    """A component needs an optional dependency; the message names the extra to install."""

    exit_code = ExitCode.USAGE


class InputError(NetadError):
    """An input cannot be read, or not to its end."""

    exit_code = ExitCode.INPUT


class OutputError(NetadError):
    """An output refused events or could not be reached."""

    exit_code = ExitCode.OUTPUT


class SpoolError(NetadError):
    """There is no durable place left for events that could not be sent."""

    exit_code = ExitCode.SPOOL
