"""Outputs by the names that `--to` takes, set up as the settings say."""

from typing import TYPE_CHECKING, Any

from netad.core.errors import ConfigError

if TYPE_CHECKING:
    from netad.config import Config
    from netad.outputs.base import Output


def open_output(target: str, config: "Config", report_format: str = "text", *, appending: bool = False) -> "Output":
    """Return the output that `NAME[:WHERE]` names; `appending` is for runs that go on where the last one stopped.

    Raises:
        ConfigError: nothing has that name, or what follows it makes no sense.
    """
    from datetime import UTC, datetime

    from netad.outputs.base import OUTPUTS
    from netad.outputs.report.output import SuggestsRules
    from netad.outputs.sending import Limited, Limits
    from netad.rules.suggestion import suggestions

    name, _, where = target.partition(":")
    kind: Any = OUTPUTS.load(name)
    if name == "console":
        if where:
            raise ConfigError(f"{target!r}: the console takes no place; --format says how it prints")
        return kind(report_format=report_format)  # type: ignore[no-any-return]
    if name == "ndjson" and appending and where not in ("", "-"):
        from netad.outputs.ndjson_log import NdjsonLog

        return NdjsonLog(where)
    output: Output = kind.from_target(where or None)
    if isinstance(output, SuggestsRules):
        output.suggest(suggestions(datetime.now(UTC)))
    if isinstance(output, Limited):
        output.limit(Limits(config.delivery_budget_s, config.spool_bytes))
    return output


def name_of(target: str, output: "Output") -> str:
    """Return what an output is called in messages: what was typed, but where that may hold a secret."""
    from netad.outputs.spooled import SpooledOutput

    return output.target if isinstance(output, SpooledOutput) else target
