import pytest

from netad.rules.matching import domain_suffixes


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        # exact: strings case by case, numbers by value, booleans; no wildcards
        ("observer.name: sensor-1", True), ("observer.name: Sensor-1", True), ("observer.name|cased: Sensor-1", False),
        ("observer.name|cased: sensor-1", True), ("observer.name: sensor-*", True), ("tags: 'sensor[1]*'", True),
        ("destination.port: 22", True), ("destination.port: 22.0", True),
        ("destination.port: 23", False), ("event.risk_score: 87.4", True), ("netad.entity.inside: true", True),
        ("netad.entity.inside: false", False), ("labels.floor: '3'", True), ("labels.a.b: dotted", True),
        ("source.ip: 10.4.2.2", True), ("destination.ip: 2001:0DB8:0::7", True), ("source.ip: 10.4.2.20", False),
        ("event.start: 2026-05-30T08:00:00+02:00", True), ("event.start: 2026-05-30", False),
        # a list of values is OR, a field with several values fits when any of them does
        ("destination.port: [80, 22]", True), ("destination.port: [80, 23]", False), ("tags: lab", True),
        ("tags: [nothing, lab]", True), ("related.ip: 2001:db8::7", True),
        ("netad.anomaly.influencers.feature: failed_share", True),
        # networks
        ("source.ip|cidr: 10.4.0.0/16", True), ("source.ip|cidr: [10.5.0.0/16, 10.4.2.2]", True),
        ("source.ip|cidr: 2001:db8::/32", False), ("related.ip|cidr: 2001:db8::/32", True),
        ("destination.ip|cidr: 0.0.0.0/0", False), ("either.ip|cidr: 2001:db8::/32", True),
        ("either.ip: 10.4.2.2", True), ("either.ip: 10.4.2.3", False),
        # comparison
        ("event.risk_score|gt: 87.4", False), ("event.risk_score|gte: 87.4", True),
        ("event.risk_score|lt: 95", True), ("event.risk_score|lt: 87", False), ("event.severity|lte: 73", True),
        ("event.severity|lte: 72", False), ("netad.anomaly.features.unique_destination_ports|gt: 800", True),
        ("'@timestamp|gte': 2026-05-30T07:00:00Z", True), ("'@timestamp|lt': 2026-05-30", False),
        # parts of text
        ("message|contains: traffic", True), ("message|contains: [nothing, '10.4']", True),
        ("message|contains: TRAFFIC", True), ("message|contains|cased: TRAFFIC", False),
        ("message|startswith: Unusual", True),
        ("message|startswith: traffic", False), ("message|endswith: [10.4.2.1, 10.4.2.2]", True),
        ("message|endswith: from", False), ("observer.name: sensor-?", True),
        ("observer.name: sensor", False), ("observer.name: '*or-*'", True), ("observer.name|cased: '*OR-*'", False),
        ("tags: 'sensor[1]\\*'", True), ("tags: 'sensor[1]\\?'", False), ("message|contains: 'tra*ic fr?m'", True),
        ("message|startswith: 'un*al tr'", True), ("message|endswith: 'fr?m 10.*.2'", True),
        ("message|contains: 'fr?n'", False), ("tags|contains: [nothing, 'sens*1']", True),
        # regular expressions: found anywhere, upper and lower case differ unless they are told not to
        ("message|re: 'traffic (from|to) [0-9.]+$'", True), ("message|re: TRAFFIC", False),
        ("message|re|i: TRAFFIC", True), ("message|re|i|s: 'unusual.*FROM'", True), ("message|re|m: '^traffic'", False),
        # domains, and all below them
        ("labels.name|domain: example.com", True), ("labels.name|domain: Updates.Example.com", True),
        ("labels.name|domain: pdates.example.com", False), ("labels.name|domain: [example.org, com]", True),
        # all of several values
        ("tags|all: [lab, 'sensor*']", True), ("tags|all: [lab, other]", False),
        ("message|contains|all: [unusual, '10.4']", True), ("message|contains|all: [unusual, '10.5']", False),
        ("related.ip|cidr|all: [10.4.0.0/16, '2001:db8::/32']", True),
        ("related.ip|cidr|all: [10.4.0.0/16, 10.5.0.0/16]", False),
        # nothing but these
        ("related.ip|only: [10.4.2.2, '2001:db8::7']", True), ("related.ip|only: 10.4.2.2", False),
        ("related.ip|cidr|only: [10.0.0.0/8, '2001:db8::/32']", True), ("related.ip|cidr|only: 10.0.0.0/8", False),
        ("tags|only: ['l*', 'sens*']", True), ("labels.gone|only: x", False),
        # nesting
        ("any: [{destination.port: 1}, {destination.port: 22}]\nsource.ip: 10.4.2.2", True),
        ("any: [{destination.port: 1}, {destination.port: 2}]\nsource.ip: 10.4.2.2", False),
        ("all: [{any: [{tags: x}, {tags: lab}]}, {any: [{tags: y}, {tags: z}]}]", False),
        ("all: [{any: [{tags: x}, {tags: lab}]}, [{tags: y}, {observer.name: sensor-1}]]", True),
        ("source.ip: 10.4.2.2\nnot: {destination.port: 22}", False), ("not: {destination.port: 23}", True),
        ("not: [{destination.port: 23}, {tags: lab}]", False), ("not: {not: {tags: lab}}", True),
        ("not: {labels.gone: x}", True),
        # presence
        ("labels.site|exists: true", True), ("labels.gone|exists: false", True), ("labels.gone|exists: true", False),
        ("labels.site|exists: false", False),
        # neq: there is a value, and none of them is among these
        ("labels.site|neq: lab", True), ("labels.site|neq: [lab, hq]", False), ("related.ip|neq: 10.4.2.2", False),
        ("either.ip|neq: 10.4.2.3", True),
        # a missing field never matches, whatever is asked
        ("labels.gone: x", False), ("labels.gone|neq: x", False), ("labels.gone|contains: x", False),
        ("netad.anomaly.features.gone|lt: 5", False), ("netad.anomaly.features.gone|gte: 0", False),
        # a map is AND, a list of maps is OR
        ("source.ip: 10.4.2.2\ndestination.port: 22", True), ("source.ip: 10.4.2.2\ndestination.port: 23", False),
        ("- source.ip: 10.9.9.9\n- destination.port: 22", True),
        ("- source.ip: 10.9.9.9\n  destination.port: 22\n- destination.port: 23", False),
    ],
)  # fmt: skip
def test_what_matches(rule, event, now, match, expected):
    """Each modifier on an event where it fits and on one where it does not."""
    assert bool(rule(match + "\n").matching(event, now)) is expected


def test_an_exception_takes_an_event_out_again(rule, event, now):
    """The rule applies where match holds and except does not; a missing field is no exception."""
    match = "source.ip|cidr: 10.0.0.0/8\n"
    assert not rule(match, "  except: {destination.port: 22}\n").matching(event, now)
    assert rule(match, "  except: {destination.port: 23}\n").matching(event, now)
    assert not rule(match, "  except: [{labels.site: x}, {tags: lab}]\n").matching(event, now)
    del event["destination"]
    assert rule(match, "  except: {destination.port: 22}\n").matching(event, now)


def test_domains_are_the_name_and_what_it_lies_below():
    """A trailing dot is nothing, and what is too long to be a name is none."""
    assert list(domain_suffixes("a.b.example.")) == ["a.b.example", "b.example", "example"]
    assert list(domain_suffixes("a." * 200)) == []
