import itertools

from hypothesis import given
from hypothesis import strategies as st

RULE = """
rules:
- id: a
  comment: c
  created_by: o
  permanent: true
  match: {{tags: weak}}
  inhibit: {{by: {by}{more}}}
"""


def event(identity, start, end, severity, source="10.0.0.1", tag="weak", score=50.0):
    return {
        "event": {"id": identity, "start": f"2026-05-30T{start:02d}:00:00Z", "end": f"2026-05-30T{end:02d}:00:00Z",
                  "severity": severity, "risk_score": score},
        "source": {"ip": source},
        "tags": [tag],
    }  # fmt: skip


def inhibited(rules, events, now):
    verdicts = rules.judge(events, now).verdicts
    return {each["event"]["id"]: verdict.inhibited_by for each, verdict in zip(events, verdicts, strict=True)
            if verdict.action == "inhibit"}  # fmt: skip


def test_a_stronger_event_on_the_same_source_hides_a_weaker_one(load, now):
    """By severity, then risk score; not an equal one, not itself, not another source's, not another window's."""
    rules = load(RULE.format(by="any", more=""))
    weak = event("w", 6, 7, 47)
    assert inhibited(rules, [weak, event("s", 6, 7, 73)], now) == {"w": "s"}
    assert inhibited(rules, [weak, event("s", 6, 7, 47, score=50.1)], now) == {"w": "s"}
    for other in (event("s", 6, 7, 47), event("s", 6, 7, 21, tag="strong"), event("s", 6, 7, 99, "10.0.0.2"),
    event("s", 7, 8, 99),
                  event("s", 5, 6, 99)):  # fmt: skip
        assert inhibited(rules, [weak, other], now) == {}
    assert inhibited(rules, [weak], now) == {}


def test_conditions_fields_and_time_say_which_events_inhibit(load, now):
    """`by`, `equal` and `within`."""
    weak = event("w", 6, 7, 47)
    rules = load(RULE.format(by="{tags: strong}", more=", within: 1h"))
    assert inhibited(rules, [weak, event("s", 7, 8, 99, tag="strong")], now) == {"w": "s"}
    assert inhibited(rules, [weak, event("s", 8, 9, 99, tag="strong")], now) == {"w": "s"}
    assert inhibited(rules, [weak, event("s", 9, 10, 99, tag="strong")], now) == {}
    assert inhibited(rules, [weak, event("s", 7, 8, 99)], now) == {}
    rules = load(RULE.format(by="any", more=", equal: tags"))
    assert inhibited(rules, [weak, event("s", 6, 7, 99, "10.0.0.2")], now) == {"w": "s"}
    assert inhibited(rules, [weak, event("s", 6, 7, 99, tag="strong")], now) == {}


def test_an_inhibiting_event_counts_even_if_it_is_hidden_itself(load, now):
    """Suppressed or dropped, it was there."""
    for action in ("suppress", "drop"):
        hiding = f"""
        rules:
        - {{id: b, comment: c, created_by: o, permanent: true, match: {{tags: strong}}, action: {action}}}
        """
        rules = load(RULE.format(by="{tags: strong}", more=""), hiding)
        assert inhibited(rules, [event("w", 6, 7, 47), event("s", 6, 7, 99, tag="strong")], now) == {"w": "s"}


def test_a_rule_that_finds_no_stronger_event_does_not_match(load, now):
    """It is not named by the event."""
    rules = load(RULE.format(by="any", more=""))
    assert rules.judge([event("w", 6, 7, 47)], now).verdicts[0].rules == ()


spans = st.tuples(st.integers(0, 20), st.integers(0, 3), st.integers(1, 4), st.sampled_from(["10.0.0.1", "10.0.0.2"]))


@given(st.lists(spans, min_size=1, max_size=8), st.integers(0, 3))
def test_whoever_is_inhibited_has_a_stronger_event_near(found, within):
    """The same answer as comparing each event with each."""
    from netad.rules.fields import find_field
    from netad.rules.inhibition import Inhibitions
    from netad.rules.rule import AllOf, Inhibit, Location, Rule
    from netad.rules.view import EventView

    rule = Rule("r", "c", "o", AllOf(()), Location("r.yml", 1, 1), action="inhibit",
                inhibit=Inhibit(None, (find_field("source.ip"),), within * 3_600 * 10**9))  # fmt: skip
    noted = Inhibitions()
    for number, (start, length, severity, source) in enumerate(found):
        view = EventView(event(str(number), start, start + length, severity, source))
        noted.note_target(number, rule, view)
        noted.note_inhibitor(number, rule, view)
    expected = set()
    for (one, (start, length, severity, source)), (_, other) in itertools.product(enumerate(found), enumerate(found)):
        gap = max(start, other[0]) - min(start + length, other[0] + other[1])
        near = gap < 0 or start == other[0] or (within > 0 and gap <= within)
        if other[2] > severity and other[3] == source and near:
            expected.add(one)
    assert {number for number, _ in noted.decide()} == expected
