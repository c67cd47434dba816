"""The features of novelty: how much of what a source met is new to the baseline, and to the source itself.

They are not computed from flows but measured by a model (netad.profiles.novelty).
"""

from netad.profiles.registry import Feature, Suspicious, Transform

_WHAT = {
    "destination": ("addresses", "flows to addresses"),
    "network": ("networks", "flows to networks (/24, /48 of IPv6)"),
    "port": ("ports", "flows to ports (of one protocol; ICMP: types)"),
    "service": ("services", "flows of services, as a log names them,"),
    "domain": ("domains", "look-ups and greetings of registered domains"),
}
_SURPRISE = "-ln(p + 0.0001) of the share p"


def _feature(name: str, label: str, unit: str, meaning: str, transform: Transform, group: str) -> Feature:
    suspicious: Suspicious = "high"
    return Feature(name, label, unit, meaning, transform, suspicious, group)


def _met(own: bool) -> list[Feature]:
    prefix, label, group = ("own_new", "own new", "history") if own else ("new", "new", "novelty")
    whom = "that the source never met before" if own else "that nobody met in the baseline"
    features = []
    for what, (unit, flows) in _WHAT.items():
        features += [
            _feature(f"{prefix}_{what}_share", f"{label} {what} share", "share",
                     f"share of the {flows} {whom}", "none", group),
            _feature(f"{prefix}_{what}s", f"{label} {what}s", unit, f"distinct {what}s {whom}", "log", group),
        ]  # fmt: skip
    return features


NOVELTY: tuple[Feature, ...] = (
    *_met(own=False),
    _feature("failed_new_destinations", "failed new destinations", "addresses",
             "distinct addresses that nobody met in the baseline and that the source reached with failed flows only",
             "log", "novelty"),
    _feature("new_tls_clients", "new TLS clients", "clients",
             "distinct JA4 or JA3 of the source that nobody had in the baseline", "log", "novelty"),
    _feature("new_user_agents", "new user agents", "user agents",
             "distinct HTTP user agents of the source that nobody had in the baseline", "log", "novelty"),
    _feature("port_surprise_mean", "port surprise", "nats",
             f"mean over flows of {_SURPRISE} that hosts of the baseline give to the flow's port on average",
             "none", "novelty"),
    _feature("port_surprise_max", "greatest port surprise", "nats", "the same of the most surprising port",
             "none", "novelty"),
    _feature("state_surprise_mean", "connection state surprise", "nats",
             f"mean over flows of {_SURPRISE} that hosts of the baseline give to the flow's protocol and state",
             "none", "novelty"),
    _feature("state_surprise_max", "greatest connection state surprise", "nats",
             "the same of the most surprising protocol and state", "none", "novelty"),
    *_met(own=True),
    _feature("own_port_surprise_mean", "own port surprise", "nats",
             f"mean over flows of {_SURPRISE} that the source itself gave to the flow's port before, with 10 flows of "
             "the baseline added", "none", "history"),
    _feature("own_port_surprise_max", "greatest own port surprise", "nats", "the same of the most surprising port",
             "none", "history"),
    _feature("own_state_surprise_mean", "own connection state surprise", "nats",
             f"mean over flows of {_SURPRISE} that the source itself gave to the flow's protocol and state before, "
             "with 10 flows of the baseline added", "none", "history"),
    _feature("own_state_surprise_max", "greatest own connection state surprise", "nats",
             "the same of the most surprising protocol and state", "none", "history"),
)  # fmt: skip
