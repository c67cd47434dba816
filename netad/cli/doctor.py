"""`netad doctor`: does everything that a run needs work, and if not, what to do."""

from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from netad.cli.options import common_options, settings
from netad.core.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netad.core.checks import Check


@click.command("doctor", short_help="Check what a run needs, step by step.")
@click.argument("settings_file", metavar="[CONFIG]", required=False)
@click.option("--to", "target", metavar="OUTPUT", help="Also look at elastic[:URL] or opensearch[:URL].")
@click.option("--duplicates", is_flag=True, help="Look through all stored events for ids that are there twice.")
@common_options
@click.pass_context
def command(
    ctx: click.Context, /, settings_file: str | None, target: str | None, duplicates: bool, **flags: Any
) -> None:
    """Check this machine, the scan of CONFIG, and with --to every step to a cluster.

    Of the machine: compiled code, extras, time zones, state, spool, disks. Of the scan (CONFIG, or what 'netad scan'
    would take): settings, model, rules, inputs, and who is at work. Of a cluster: name, port, TLS, who we are, what we
    may, templates. Nothing is changed. Each line is ok, a note, or FAILED with what to do.

    \b
    netad doctor
    netad doctor /etc/netad/netad.yaml --to elastic:https://es.example:9200

    Exit codes: 0 nothing failed, 2 usage or configuration, 4 something failed.
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    settings(flags)

    from netad.checkup import check_machine
    from netad.scan.checkup import check_scan

    checks = _checks(target, duplicates)
    failed = False
    for check in chain(check_machine(), check_scan(settings_file), checks):
        click.echo(check.line())
        failed = failed or check.state == "FAILED"
    ctx.exit(int(ExitCode.OUTPUT if failed else ExitCode.DONE))


def _checks(target: str | None, duplicates: bool) -> "Iterator[Check]":
    """Return the checks of an output.

    Raises:
        ConfigError: there are none for it.
    """
    from netad.outputs.elastic.connection import ElasticConfig

    name, _, where = (target or "").partition(":")
    if duplicates and name != "elastic":
        raise ConfigError("--duplicates looks into Elasticsearch: add --to elastic[:URL]")
    if name == "elastic":
        from netad.outputs.elastic.doctor import STREAMS, check_elastic

        return check_elastic(ElasticConfig.from_target(where or None), duplicates_in=STREAMS if duplicates else None)
    if name == "opensearch":
        from netad.outputs.opensearch.cluster import PREFIX
        from netad.outputs.opensearch.doctor import check_opensearch

        return check_opensearch(ElasticConfig.from_target(where or None, prefix=PREFIX))
    if target is not None:
        raise ConfigError(f"there is nothing to look at for {target!r}: elastic[:URL] and opensearch[:URL] are")
    return iter(())
