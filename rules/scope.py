"""`scope`: which detectors, observers, behaviours and namespaces a rule is about, as conditions on the event."""

from netad.core.problems import Problems
from netad.core.yaml_nodes import Mapping, Node, Scalar
from netad.rules.conditions import MatchReader
from netad.rules.entries import map_entries
from netad.rules.rule import AllOf, AppliesTo, Expression

SCOPES = {
    "detectors": "netad.detector",
    "observers": "observer.name",
    "behaviours": "netad.behaviours",
    "namespaces": "data_stream.namespace",
}
"""The field of the event that each key of `scope` is about."""
FLOW_SCOPES = ("observers", "namespaces")


def read_scope(node: Node, applies_to: AppliesTo, reader: MatchReader, problems: Problems) -> Expression | None:
    """Return the scope as an expression; None, with the problems noted, when it does not hold."""
    entries = map_entries(node, tuple(SCOPES), "{detectors: [isolation_forest]}", problems)
    if entries is None:
        return None
    if applies_to == "flows":
        for name in entries.keys() - set(FLOW_SCOPES):
            problems.add(entries[name], f"a flow is seen before any of the {name} is asked: leave {name!r} out")
            return None
    parts = []
    for name, value in entries.items():
        key = Scalar(value.line, value.column, SCOPES[name], True)
        part = reader.read(Mapping(value.line, value.column, ((key, value),)), "scope")
        if part is not None:
            parts.append(part)
    if len(parts) != len(entries):
        return None
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))
