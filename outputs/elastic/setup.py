"""Preparing a cluster for netad, once, with a key that may: what `netad setup elastic` does."""

import contextlib
from collections.abc import Callable

from netad.outputs.elastic.connection import ElasticConfig, connect, translated
from netad.outputs.elastic.templates import VERSION, apply_changes, planned_changes


def setup_elastic(config: ElasticConfig, dry_run: bool, report: Callable[[str], None]) -> None:
    """Create or update netad's index templates, and `report` each; with `dry_run` only say what would be done.

    Raises:
        OutputError: the cluster cannot be reached, or the key may not.
    """
    with contextlib.closing(connect(config)) as client, translated(config):
        changes = planned_changes(client)
        if not changes:
            report(f"{config.target}: nothing to do, all templates are there (version {VERSION})")
        planned = (f"would {change.sentence}" for change in changes)
        for sentence in planned if dry_run else apply_changes(client, changes):
            report(f"{config.target}: {sentence}")
