"""Which events an output for people's inboxes takes: anomalies, and flows or suppressed ones as its options say."""

from collections.abc import Mapping
from dataclasses import dataclass

from netad.core.errors import ConfigError
from netad.outputs.base import Event

SWITCHES = ("flows", "suppressed")


@dataclass(frozen=True, slots=True)
class Selection:
    """`suppressed` anomalies go out marked as such unless it is False; `flows` only if asked for; nothing else does."""

    suppressed: bool = True
    flows: bool = False

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> "Selection":
        """Return what the options `suppressed` and `flows` (yes or no) say.

        Raises:
            ConfigError: one of them is neither.
        """
        values = {}
        for name in SWITCHES:
            if name in options:
                if options[name] not in ("yes", "no"):
                    raise ConfigError(f"{name}={options[name]!r} is neither yes nor no")
                values[name] = options[name] == "yes"
        return cls(**values)

    def wants(self, event: Event) -> bool:
        """Tell whether an event goes out."""
        dataset = event["data_stream"]["dataset"]
        if dataset == "netad.flow":
            return self.flows
        return dataset == "netad.anomaly" and (self.suppressed or not event["netad"]["suppression"]["suppressed"])
