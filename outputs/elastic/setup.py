"""Preparing a cluster for netad, once, with a key that may: what `netad setup elastic` does."""

import contextlib
from collections.abc import Callable, Iterator, Sequence

from orjson import OPT_INDENT_2, dumps

from netad.core.errors import OutputError
from netad.outputs.elastic.connection import ElasticConfig, connect, translated
from netad.outputs.elastic.templates import VERSION, Change, apply_changes, has_extras, planned_changes, template_names


def setup_elastic(config: ElasticConfig, dry_run: bool, report: Callable[[str], None]) -> None:
    """Create or update netad's index templates, and `report` each.

    With `dry_run` nothing changes, and every request that would be made is reported, as Kibana's Dev Tools take it;
    those for a cluster that has none of the templates where it cannot be asked.

    Raises:
        OutputError: (not with `dry_run`) the cluster cannot be reached, or the key may not.
    """
    if dry_run:
        for line in _dry_run(config):
            report(line)
        return
    with contextlib.closing(connect(config)) as client, translated(config):
        changes = planned_changes(client)
        if not changes:
            report(_nothing(config))
        for sentence in apply_changes(client, changes):
            report(f"{config.target}: {sentence}")
        if any(change.installed is not None for change in changes):
            report("data streams that are there take new mappings with their next backing index; at once by a request "
                   "such as POST /logs-netad.anomaly-default/_rollover")  # fmt: skip


def _dry_run(config: ElasticConfig) -> Iterator[str]:
    try:
        with contextlib.closing(connect(config)) as client, translated(config):
            changes = planned_changes(client)
            extras = has_extras(client) if changes else False
    except OutputError as error:
        changes, extras = [Change(*template, None) for template in template_names()], True
        yield f"# {error.message}, so this is what a cluster without netad's templates gets."
        yield "# Field types are those of Elastic's default distribution; without it they are plainer ones."
        yield ""
    if not changes:
        yield f"# {_nothing(config)}"
    yield from _requests(changes, extras)


def _nothing(config: ElasticConfig) -> str:
    return f"{config.target}: nothing to do, all templates are there (version {VERSION})"


def _requests(changes: Sequence[Change], extras: bool) -> Iterator[str]:
    for change in changes:
        path, body = change.request(extras)
        yield f"# {change.sentence}"
        yield f"PUT {path}"
        yield dumps(body, option=OPT_INDENT_2).decode()
        yield ""
