"""`netad setup`: prepare what netad ships to."""

from typing import Any

import click

from netad.cli.options import common_options, settings


@click.group("setup", short_help="Prepare an Elasticsearch cluster for netad's events.")
def command() -> None:
    """Prepare what netad ships to."""


@command.command("elastic")
@click.option("--url", metavar="URL", help="Where Elasticsearch answers. [NETAD_ELASTIC_URL or http://localhost:9200]")
@click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
@common_options
def elastic(url: str | None, dry_run: bool, **flags: Any) -> None:
    """Create or update the index templates of the data streams logs-netad.*.

    The key that does this needs the cluster privilege manage_index_templates; the key that ships needs only
    auto_configure and create_doc on logs-netad.*.
    """
    settings(flags)

    from netad.outputs.elastic.connection import ElasticConfig
    from netad.outputs.elastic.setup import setup_elastic

    setup_elastic(ElasticConfig.from_target(url), dry_run=dry_run, report=click.echo)
