from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netad.core.problems import Problems
from netad.core.timing import parse_time
from netad.core.yaml_nodes import read_document
from netad.rules.schedule import read_schedule

EARLIEST, LATEST = datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2030-01-01")


def schedule(text):
    problems = Problems("a.yml")
    found = read_schedule(read_document(text.encode(), problems), problems)
    return found, problems.lines()


def holds(windows, start, end=None, zone="Europe/Paris"):
    found, problems = schedule(f"{{tz: {zone}, windows: [{windows}]}}")
    assert problems == []
    return found.holds(parse_time(start), parse_time(end or start))


@pytest.mark.parametrize(
    ("windows", "start", "end", "expected"),
    [
        # 2026-06-06 is a Saturday; Paris is two hours ahead of UTC in summer, one in winter
        ("sat 01:00-05:00", "2026-06-05T23:00Z", "2026-06-06T03:00Z", True),
        ("sat 01:00-05:00", "2026-06-05T22:59Z", "2026-06-06T03:00Z", False),
        ("sat 01:00-05:00", "2026-06-06T02:00Z", "2026-06-06T03:01Z", False),
        ("SAT  01:00-05:00", "2026-01-10T00:00Z", "2026-01-10T04:00Z", True),
        ("sat 01:00-05:00", "2026-01-09T23:30Z", "2026-01-10T00:30Z", False),
        ("mon-fri 22:00-06:00", "2026-06-05T20:00Z", "2026-06-06T04:00Z", True),
        ("mon-fri 22:00-06:00", "2026-06-06T20:00Z", "2026-06-06T21:00Z", False),
        ("fri 22:00-mon 06:00", "2026-06-05T20:00Z", "2026-06-08T04:00Z", True),
        ("fri 22:00-mon 06:00", "2026-06-05T19:00Z", "2026-06-05T21:00Z", False),
        ("daily 02:00-03:00", "2026-06-03T00:00Z", "2026-06-03T01:00Z", True),
        ("sat-sun", "2026-06-05T22:00Z", "2026-06-07T22:00Z", True),
        ("sat-sun", "2026-06-05T21:00Z", "2026-06-05T23:00Z", False),
        ("sat, sun", "2026-06-06T20:00Z", "2026-06-06T23:00Z", True),
        ("sun-mon", "2026-06-07T20:00Z", "2026-06-08T20:00Z", True),
        ("sun 20:00-24:00, mon 00:00-02:00", "2026-06-07T20:00Z", "2026-06-07T23:30Z", True),
    ],
)  # fmt: skip
def test_an_event_lies_whole_within_a_window_by_the_clock_of_the_zone(windows, start, end, expected):
    """Summer time, midnight and the end of the week included."""
    assert holds(windows, start, end) is expected


def test_the_clock_is_what_people_read():
    """In the night in which an hour is left out, 01:00 to 05:00 lasts three hours."""
    assert holds("sun 01:00-05:00", "2026-03-29T00:00Z", "2026-03-29T03:00Z")
    assert not holds("sun 01:00-05:00", "2026-03-29T00:00Z", "2026-03-29T04:00Z")


@given(st.datetimes(EARLIEST, LATEST), st.sampled_from(["UTC", "Asia/Kolkata"]))
def test_a_moment_is_in_the_window_of_its_own_weekday(moment, zone):
    """Whatever the zone."""
    aware = moment.replace(tzinfo=ZoneInfo("UTC"))
    day = aware.astimezone(ZoneInfo(zone)).strftime("%a").lower()
    assert holds(day, aware.isoformat(), zone=zone)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x", "a.yml:1:1: a schedule is a map such as {tz: Europe/Paris, windows: [sat 01:00-05:00]}"),
        ("{windows: [sat]}", "a.yml:1:1: a schedule needs 'tz', a time zone such as Europe/Paris or UTC"),
        ("{tz: UTC}", "a.yml:1:1: a schedule needs 'windows', such as [sat 01:00-05:00]"),
        ("{tz: UTC, windows: []}", "a.yml:1:20: a schedule without windows would never hold"),
        ("{tz: Mars/Base, windows: [sat]}", "a.yml:1:6: 'Mars/Base' is not a time zone such as Europe/Paris or UTC"),
        ("{tz: ../../etc/passwd, windows: [sat]}",
         "a.yml:1:6: '../../etc/passwd' is not a time zone such as Europe/Paris or UTC"),
        ("{tz: UTC, window: [sat], windows: [sat]}", "a.yml:1:11: unknown key 'window'; did you mean 'windows'?"),
        ("{tz: UTC, windows: [daily]}", "a.yml:1:21: 'daily' is all of the week: leave the schedule out"),
        *((f"{{tz: UTC, windows: ['{wrong}']}}",
           f"a.yml:1:21: '{wrong}' is not a window such as 'sat 01:00-05:00' or 'mon-fri 22:00-06:00'")
          for wrong in ("saturday", "xyz 01:00-02:00", "sat 25:00-26:00", "sat 01:60-02:00", "sat 1-2",
                        "mon-tue 01:00-fri 02:00", "daily 01:00-fri 02:00", "")),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_schedule(text, problem):
    """A sentence at its place."""
    found, problems = schedule(text)
    assert found is None
    assert problems == [problem]


def test_times_beyond_the_calendar_are_in_no_window():
    """A damaged event is not hidden."""
    found, _ = schedule("{tz: UTC, windows: [sat]}")
    assert not found.holds(1 << 62, 1 << 62)
