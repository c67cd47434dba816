"""`netad sample`: write a capture of a small office, with attacks on request, and its labels."""

from pathlib import Path

import click


@click.command("sample")
@click.option("-o", "--output", "folder", type=click.Path(file_okay=False, path_type=Path), required=True,
              help="Folder to write to; made when missing.")  # fmt: skip
@click.option("--day", type=int, default=1, show_default=True, help="Working day: same hosts and habits, other draws.")
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed is another office.")
@click.option("--hours", type=float, default=8.0, show_default=True, help="Length from 08:00, at most 24.")
@click.option("--attack", "attacks", multiple=True, metavar="NAME",
              help="scan, slow-scan, beacon, exfiltration, brute-force, dga, dns-tunnel, lateral-movement or all; may "
                   "be repeated.")  # fmt: skip
@click.option("--name", metavar="FILE", help="File name.  [default: normal.pcap, with attacks attacked.pcap]")
def command(folder: Path, day: int, seed: int, hours: float, attacks: tuple[str, ...], name: str | None) -> None:
    """Write a labelled capture of a small office: a normal day, with attacks on request.

    The same options always give the same bytes. FILE.labels.json beside the capture says what was an attack.
    """
    from netad.core.timing import iso
    from netad.sample.attacks import ATTACKS
    from netad.sample.capture import write_sample

    wanted = tuple(ATTACKS) if "all" in attacks else attacks
    files = write_sample(folder, seed=seed, day=day, hours=hours, attacks=wanted, name=name)
    size = f"{files.packets:,} packets, {files.bytes / 1e6:.1f} MB"
    click.echo(f"{files.capture}: {size}, {iso(files.span.start_ns)} to {iso(files.span.end_ns)}")
    for truth in files.attacks:
        when = f"{iso(truth.start_ns)[11:16]} to {iso(truth.end_ns)[11:16]}"
        what = f"{truth.name} ({truth.technique}) from {truth.source} ({truth.source_name})"
        click.echo(f"  {what}, {when}, {truth.packets:,} packets")
    if not files.attacks:
        click.echo("  no attacks")
    click.echo(f"{files.labels}: labels")
