"""`netad setup`: prepare what netad ships to."""

from typing import Any

import click

from netad.cli.options import common_options, kibana_options, settings

_roles_option = click.option(
    "--print-roles", is_flag=True, help="Print the requests that make API keys for netad, and ask nothing."
)


@click.group("setup", short_help="Prepare Elasticsearch and Kibana for netad's events.")
def command() -> None:
    """Prepare what netad ships to."""


@command.command("elastic")
@click.option("--url", metavar="URL", help="Where Elasticsearch answers. [NETAD_ELASTIC_URL or http://localhost:9200]")
@click.option("--dry-run", is_flag=True, help="Print every request that would be made, and change nothing.")
@_roles_option
@common_options
def elastic(url: str | None, dry_run: bool, print_roles: bool, **flags: Any) -> None:
    """Create or update the index templates of the data streams logs-netad.*.

    The key that does this needs the cluster privilege manage_index_templates; the key that ships needs only
    auto_configure and create_doc on logs-netad.*. --print-roles has them all.
    """
    config = settings(flags)

    from netad.outputs.elastic.connection import ElasticConfig
    from netad.outputs.elastic.setup import setup_elastic

    if print_roles:
        _print_roles(config.kibana_space)
        return
    setup_elastic(ElasticConfig.from_target(url), dry_run=dry_run, report=click.echo)


@command.command("kibana")
@kibana_options
@click.option("--dry-run", is_flag=True, help="Print every request, and ask nothing.")
@common_options
def kibana(detection_rule: bool, dry_run: bool, **flags: Any) -> None:
    """Import netad's data views, saved searches and dashboards into Kibana, over those that are there.

    The key that does this needs all of Saved Objects Management in the space, for the detection rule all of Security.
    It comes from NETAD_KIBANA_API_KEY or NETAD_KIBANA_API_KEY_FILE, else from the NETAD_ELASTIC_... variables.
    """
    config = settings(flags)

    from netad.outputs.elastic.kibana import setup_kibana
    from netad.outputs.elastic.kibana_connection import KibanaConfig

    target = KibanaConfig.from_target(config.kibana_url, config.kibana_space)
    setup_kibana(target, report=click.echo, dry_run=dry_run, detection_rule=detection_rule)


@command.command("all")
@click.option("--url", metavar="URL", help="Where Elasticsearch answers. [NETAD_ELASTIC_URL or http://localhost:9200]")
@kibana_options
@click.option("--dry-run", is_flag=True, help="Print every request that would be made, and change nothing.")
@_roles_option
@common_options
@click.pass_context
def everything(
    context: click.Context,
    /,
    url: str | None,
    kibana_url: str | None,
    kibana_space: str | None,
    detection_rule: bool,
    dry_run: bool,
    print_roles: bool,
    **flags: Any,
) -> None:
    """Do what `setup elastic` does, then what `setup kibana` does."""
    target = {"kibana_url": kibana_url, "kibana_space": kibana_space}
    if print_roles:
        _print_roles(settings({**target, **flags}).kibana_space)
        return
    context.invoke(elastic, url=url, dry_run=dry_run, print_roles=False, **flags)
    context.invoke(kibana, detection_rule=detection_rule, dry_run=dry_run, **target, **flags)


def _print_roles(space: str) -> None:
    from netad.outputs.elastic.roles import recipe_lines

    for line in recipe_lines(space):
        click.echo(line)
