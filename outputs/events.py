"""Events: ECS 9.4 documents of anomalies and flows, with ids that come from their content."""

from netad.outputs.anomaly_event import anomaly_event, anomaly_id
from netad.outputs.flow_event import directions, flow_directions, flow_events, flow_ids
from netad.outputs.origin import ECS_VERSION, Origin, stamped

__all__ = [
    "ECS_VERSION", "Origin", "anomaly_event", "anomaly_id", "directions", "flow_directions", "flow_events", "flow_ids",
    "stamped",
]  # fmt: skip
