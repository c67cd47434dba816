"""Runs as events."""

import math

import orjson
import pytest

from netad.core.errors import ExitCode
from netad.outputs.base import RunSummary
from netad.outputs.run_event import MOST_LISTED, Ending, run_event


def made(origin, code=ExitCode.DONE, **summary):
    return run_event(RunSummary(**summary), Ending(10**18, 10**18 + 10**9, code, []), origin)


def test_a_run_says_what_it_did(events_of_runs):
    """Inputs, traffic, findings by severity, rules, deliveries, the spool and the time of each stage."""
    event = events_of_runs[0]
    run = event["netad"]["run"]
    assert run["inputs"] == {"files": 2, "captures": 1, "logs": 1, "bytes": 1_234_567, "kinds": ["capture", "zeek-tsv"]}
    assert run["anomalies"] == {"total": 4, "low": 1, "medium": 0, "high": 3, "critical": 0}
    assert run["rules"] == [
        {"id": "scanner", "suppressed": 2, "dropped": 0},
        {"id": "printer", "suppressed": 0, "dropped": 1},
    ]
    assert run["skipped"] == {"arp": 12, "not_ip": 3}
    assert run["skipped_records"] == 15
    assert (run["delivered"], run["spooled"], run["dead"]) == (9_256_783, 1, 1)
    assert [one["output"] for one in run["deliveries"]] == ["elastic", "parquet"]
    assert run["spool"] == {"files": 2, "bytes": 900}
    assert run["seconds"] == {"read": 1.25, "profile": 0.5, "score": 0.75, "deliver": 0.125, "total": 3600.0}
    assert (event["event"]["outcome"], run["exit_code"], run["ended"]) == ("failure", 4, "output_failed")
    assert event["message"] == (
        "4 anomalies (2 suppressed) among 120 profiles of 900 flows from 2 files in 1h: output failed."
    )


def test_an_interrupted_run_says_so(events_of_runs):
    """What it did not come to is zero or missing, never null."""
    event = events_of_runs[1]
    assert (event["event"]["outcome"], event["netad"]["run"]["ended"]) == ("failure", "interrupted")
    assert not {"traffic", "skipped", "rules", "notes", "problems", "deliveries"} & event["netad"]["run"].keys()
    assert b"null" not in orjson.dumps(event)


@pytest.mark.parametrize(
    ("code", "outcome", "ended"),
    [
        (ExitCode.DONE, "success", "done"),
        (ExitCode.INPUT, "success", "inputs_skipped"),
        (ExitCode.SPOOL, "failure", "events_lost"),
        (ExitCode.INTERNAL, "failure", "failed"),
    ],
)
def test_the_outcome_follows_the_exit_code(origin, code, outcome, ended):
    """A run that read what it could is a success."""
    event = made(origin, code)
    assert (event["event"]["outcome"], event["netad"]["run"]["ended"]) == (outcome, ended)


def test_counts_stay_whole_numbers(events_of_runs):
    """No count is written with a point or an exponent."""
    assert b'"delivered":9256783,' in orjson.dumps(events_of_runs[0])
    assert made_of_digits(events_of_runs[0]["netad"]["run"]["skipped"].values())


def made_of_digits(values):
    return all(str(value).isdigit() for value in values)


def test_what_a_hostile_input_can_make_long_is_bounded(origin):
    """Kinds from logs become plain field names, sentences are cut, lists end."""
    event = made(
        origin,
        skipped={"eve Odd.kind\u202e\x1b": 1},
        problems=["x" * 5000] * 1000,
        suppressed_by_rule={f"rule-{number:04}": 1 for number in range(1000)},
    )
    run = event["netad"]["run"]
    assert run["skipped"] == {"eve_odd_kind__": 1}
    assert [len(problem) for problem in run["problems"]] == [1000] * MOST_LISTED
    assert run["problem_count"] == 1000
    assert [one["id"] for one in run["rules"]] == [f"rule-{number:04}" for number in range(MOST_LISTED)]


def test_every_run_has_an_event_of_its_own(origin, events_of_runs):
    """The id is of the run: the same event from several outputs, another one from the next run."""
    assert events_of_runs[0]["event"]["id"] != events_of_runs[1]["event"]["id"]
    assert made(origin)["event"]["id"] == made(origin, ExitCode.INPUT)["event"]["id"]
    assert math.isclose(made(origin)["netad"]["run"]["seconds"]["total"], 1.0)
