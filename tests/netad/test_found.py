"""What a run counts of what it found."""

from types import SimpleNamespace

from netad.found import Found


def event(severity):
    return {"event": {"severity": severity}}


def test_events_and_verdicts_add_up():
    """Severities by name; what rules hid or dropped by rule, each event under the rules that dropped it."""
    drop, tag = SimpleNamespace(id="gone", action="drop"), SimpleNamespace(id="tagged", action="tag")
    verdicts = SimpleNamespace(
        suppressed=1, dropped=1, hiding={"quiet": 1},
        verdicts=[SimpleNamespace(dropped=True, rules=[drop, tag], action="drop"),
                  SimpleNamespace(dropped=False, rules=[tag], action="tag")],
    )  # fmt: skip
    found = Found()
    found.add([event(99), event(47)], verdicts)
    found.add([event(99)], None)
    assert found == Found(3, 1, 1, {"critical": 2, "medium": 1}, {"quiet": 1}, {"gone": 1})
