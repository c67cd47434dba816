"""`netad rescore`: what another model would have said of the past."""

from typing import TYPE_CHECKING, Any

import click

from netad.cli.options import common_options, settings
from netad.cli.stores import echo, echo_table, format_option, open_local

if TYPE_CHECKING:
    from netad.outputs.store.profiles import StoredProfiles
    from netad.rescoring import Change, Rescoring


@click.command("rescore", short_help="Judge stored profiles by another model, and say what changes.")
@click.argument("store", metavar="[STORE]", required=False)
@click.option("--model", metavar="DIR", required=True, help="The model that judges anew.")
@click.option("--since", metavar="DURATION|TIME|all", default="90d", show_default=True,
              help="Windows that ended since then.")  # fmt: skip
@click.option("--until", metavar="DURATION|TIME", help="Windows that ended before.")
@click.option("--judged-by", metavar="NAME", help="Compare with what the model of this name said. [the latest]")
@click.option("--budget", metavar="SHARE", help="False alarms accepted among normal profiles. [1/1000]")
@click.option("--limit", type=click.IntRange(min=1), default=10, show_default=True, metavar="N",
              help="Most changes that are listed, of each kind.")  # fmt: skip
@format_option
@common_options
def command(
    store: str | None, since: str, until: str | None, judged_by: str | None, limit: int, form: str, **flags: Any
) -> None:
    """Judge the profiles that a local store holds by a model, and say what changes; the store stays as it is.

    That is which windows are newly anomalous, no longer anomalous, or of another severity than when they were stored.
    It takes a store that runs have filled with `--profiles all`: those keep what each source did and met, so that
    novelty is measured by what the new model knows. STORE as for `netad history`.

    \b
    netad ingest /var/capture --model office --profiles all --to parquet:netad-store
    netad rescore netad-store --model office-new --since 90d
    netad rescore netad-store --model office-new --since 2026-09-01 --until 2026-10-01 --format json

    Exit code 0 whatever it finds; 4 when the store cannot be read.
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    config = settings(flags)

    from netad.cli.moments import begin, end, now_ns
    from netad.judging import open_model
    from netad.outputs.store.profiles import StoredProfiles
    from netad.progress import step_progress
    from netad.rescoring import rescore

    model, config = open_model(config)
    now = now_ns()
    opened = open_local(store, flags["config_file"])
    profiles = StoredProfiles(opened, model.window, begin(since, now), end(until, now), judged_by)
    with step_progress("judging", config.quiet) as on_step:
        found = rescore(profiles, model, config.budget, limit, on_step)
    if form == "json":
        from orjson import OPT_INDENT_2, dumps

        click.echo(dumps(_document(found, profiles), option=OPT_INDENT_2).decode())
    else:
        _print(found, profiles)


def _document(found: "Rescoring", profiles: "StoredProfiles") -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "store": profiles.store.where,
        "model": {"name": found.model.name, "version": found.model.version},
        "judged_by": [{"name": name, "version": version, "profiles": count}
                      for (name, version), count in sorted(found.models.items())],
        "profiles": found.profiles,
        "sources": len(found.sources),
        "counts": found.counts(),
        "severities": [{"before": before, "after": after, "windows": count}
                       for (before, after), count in sorted(found.bands.items())],
        "changes": [asdict(change) for change in found.changes()],
        "notes": profiles.told(),
    }  # fmt: skip


def _print(found: "Rescoring", profiles: "StoredProfiles") -> None:
    from netad.outputs.wording import counted
    from netad.rescoring import BANDS, KINDS

    before = ", ".join(f"{name} {version}" for name, version in sorted(found.models)) or "no model"
    echo([f"{counted(found.profiles, 'profile')} of {counted(len(found.sources), 'source')} in {profiles.store.where}, "
          f"judged by {before}; now by {found.model.name} {found.model.version}"])  # fmt: skip
    if not found.profiles:
        click.echo("there is nothing to judge anew: ingest with --profiles all keeps profiles, --since all takes all")
    else:
        echo_table([("before \\ now", *BANDS),
                    *((band, *(f"{found.bands[band, now]:,}" for now in BANDS)) for band in BANDS)])  # fmt: skip
        counts, changes = found.counts(), found.changes()
        for kind in KINDS:
            listed = [change for change in changes if change.kind == kind]
            click.echo(f"{kind}: {counts[kind]:,}" + (":" if listed else ""))
            echo(f"  {_told(change)}" for change in listed)
            if counts[kind] > len(listed):
                click.echo(f"  and {counts[kind] - len(listed):,} more (--limit)")
    echo(f"note: {note}" for note in profiles.told())


def _told(change: "Change") -> str:
    from netad.outputs.wording import score_text

    scores = f"{score_text(change.score_before)} -> {score_text(change.score_after)}"
    why = f": {change.why}" if change.why else ""
    return f"{change.start[:16]}  {change.source}  {change.before} -> {change.after} ({scores}){why}"
