"""`--explain SOURCE`: all windows of a source in full, those that are no anomaly too."""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from netad.core.addresses import Networks
from netad.core.errors import ConfigError
from netad.outputs.base import Event, Explains, Output
from netad.outputs.events import Origin, anomaly_event

if TYPE_CHECKING:
    from netad.flow_spool import FlowSpool
    from netad.judging import Judgement


def explained_source(text: str) -> str:
    """Return the address that is to be explained, as profiles have it.

    Raises:
        ConfigError: it is none.
    """
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError as error:
        raise ConfigError(f"--explain: {text!r} is no address, such as 10.1.2.3") from error


def about(
    source: str | None, events: Iterable[Event], judgement: "Judgement", spool: "FlowSpool", origin: Origin,
    created: str, inside: Networks,
) -> list[Event]:  # fmt: skip
    """Return what a run has to say of the explained source: its anomalies among `events`, then what is normal of it.

    Without a source there is nothing to say. A profile that is no anomaly becomes an event without a severity.
    """
    from netad.evidence import gather
    from netad.fact_evidence import add_facts

    told = add_facts(gather(judgement.normal, spool.batches(), origin, inside), spool.facts)
    normal = [anomaly_event(one, origin, created) for one in told]
    for event in normal:
        event["event"] |= {"kind": "event", "action": "network_profile"}
        del event["event"]["severity"]
    return [*(event for event in events if event["source"]["ip"] == source), *normal]


def explain(source: str | None, events: Sequence[Event], outputs: Sequence[tuple[str, Output]]) -> None:
    """Hand the explained source's events, anomalies or not, to the outputs that explain; nothing without a source."""
    if source is None:
        return
    for _, output in outputs:
        if isinstance(output, Explains):
            output.explain(source, events)
