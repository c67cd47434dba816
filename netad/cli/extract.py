"""`netad extract`: the packets behind an anomaly, as a capture for Wireshark and its like."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from netad.cli.options import common_options, input_code, inputs_argument, place, settings
from netad.core.errors import ConfigError, InputError

if TYPE_CHECKING:
    from netad.config import Config
    from netad.extract.wanted import Network, Wanted
    from netad.ingest.inputs import Source
    from netad.ingest.report import IngestReport

# Captures that are named one by one at the end.
MOST_NAMED = 10
_OF_SETTINGS = ("config_file", "quiet", "verbose", "log_file", "log_format", "max_ratio")


@click.command("extract", short_help="The packets behind an anomaly, as a capture.")
@click.argument("what", metavar="EVENT-ID|SOURCE")
@inputs_argument
@click.option("-o", "--output", "target", metavar="FILE", required=True,
              help="FILE.pcap or FILE.pcapng, or - for pcapng on stdout.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(("pcap", "pcapng")), help="The format, whatever FILE is called.")
@click.option("--store", metavar="STORE", help="Where the event is: parquet[:DIR] or elastic[:URL]. [parquet]")
@click.option("--flows-only", is_flag=True, help="Only the flows that the event names as evidence, whole.")
@click.option("--window", metavar="TIME/DURATION", help="Only this window, such as 2026-01-31T08:00Z/1h.")
@click.option("--since", metavar="TIME", help="Only packets from this time on (ISO 8601 or epoch seconds).")
@click.option("--until", metavar="TIME", help="Only packets before this time.")
@click.option("--peer", "peers", metavar="ADDRESS|NETWORK", multiple=True,
              help="Only packets exchanged with it; may be given several times.")  # fmt: skip
@click.option(
    "--port", "ports", metavar="N", multiple=True, help="Only packets from or to this port; several times too."
)
@click.option("--every-file", is_flag=True, help="Read captures too that by their times cannot hold such packets.")
@click.option("--max-ratio", type=int, metavar="N",
              help="Most bytes that each byte of a compressed input may give; more is a bomb. [1000]")  # fmt: skip
@common_options
@click.pass_context
def command(
    ctx: click.Context, /, what: str, inputs: tuple[str, ...], target: str, form: str | None, every_file: bool,
    store: str | None, flows_only: bool, **flags: Any,
) -> None:  # fmt: skip
    """Copy the packets of a source out of captures: those of an anomaly's window, or of the time that is named.

    An anomaly is named by its event.id, and looked up in the store. SOURCE is an address or a network. Packets match by
    the addresses in tunnels as well as around them; their times, lengths and link types stay as they are.

    \b
    netad extract 019bab8f5f2a-5f1c0b6a9d3e4c77a1b2 /var/capture -o beacon.pcapng
    netad extract 10.20.10.27 /var/capture --window 2026-01-31T08:00Z/1h -o host.pcap
    netad extract 10.20.10.27 capture.pcap.gz --peer 203.0.113.7 --port 443 -o - | tshark -r -

    Exit codes: 0 done, also when there was no such packet; 2 usage, or no such event; 3 some input was skipped or cut,
    4 the capture cannot be written or the store not be read.
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    config = settings({name: flags.pop(name) for name in _OF_SETTINGS} | ({"store": store} if store else {}))

    from netad.ingest.engine.loading import short_loading

    with short_loading():
        from netad.extract.choosing import captures_of, in_time
        from netad.extract.writing import format_of
    from netad.ingest.inputs import find_sources
    from netad.ingest.report import IngestReport

    form = format_of(target, form)
    wanted = _wanted(what, flows_only, config, **flags)
    report = IngestReport()
    captures = captures_of(find_sources(inputs, report, config.max_ratio), inputs, report)
    if not captures:
        raise InputError("; ".join(f"{one.path}: {one.sentence}" for one in report.problems) or "no input is a capture")
    chosen = captures if every_file else in_time(captures, wanted.since_ns, wanted.until_ns)
    _check_target(target, captures)
    counts = _copy(wanted, chosen, report, target, form, config.quiet)
    if not config.quiet:
        for line in _told(wanted, counts, target, len(chosen), len(captures)):
            click.echo(line, err=True)
    ctx.exit(input_code(report))


def _wanted(
    what: str, flows_only: bool, config: "Config", window: str | None, since: str | None, until: str | None,
    peers: tuple[str, ...], ports: tuple[str, ...],
) -> "Wanted":  # fmt: skip
    """Return what the command line asks for.

    Raises:
        ConfigError: it is not clear, or the store does not hold the event.
    """
    from netad.core.identity import start_of
    from netad.core.timing import parse_time
    from netad.extract.wanted import Network, Wanted, parse_ports, parse_window

    begins, ends = (None if text is None else parse_time(text) for text in (since, until))
    if window is not None:
        if since is not None or until is not None:
            raise ConfigError("--window says all about the time: leave --since and --until out")
        begins, ends = parse_window(window)
    by_event = start_of(what) is not None
    if flows_only and not by_event:
        raise ConfigError("--flows-only needs an event: name it by its event.id")
    wanted = _of_event(what, flows_only, config) if by_event else Wanted(_source(what))
    wanted = replace(
        wanted,
        peers=tuple(map(Network.parse, peers)),
        ports=parse_ports(ports),
        since_ns=wanted.since_ns if begins is None else begins,
        until_ns=wanted.until_ns if ends is None else ends,
    )
    if wanted.since_ns is not None and wanted.until_ns is not None and wanted.since_ns >= wanted.until_ns:
        raise ConfigError("the time ends before it begins: look at --since, --until and the event's window")
    return wanted


def _source(what: str) -> "Network":
    from netad.extract.wanted import Network

    try:
        return Network.parse(what)
    except ConfigError as error:
        raise ConfigError(f"{what!r} is neither the id of an event, an address nor a network") from error


def _of_event(identity: str, flows_only: bool, config: "Config") -> "Wanted":
    import logging

    from netad.extract.evidence import find_anomaly, flows_of, window_of
    from netad.extract.wanted import Network, Wanted
    from netad.outputs.stored import open_stored
    from netad.outputs.wording import counted

    stored = open_stored(config.store or "parquet")
    event = find_anomaly(stored, identity)
    source = Network.parse(event["source"]["ip"])
    if not flows_only:
        return Wanted(source, *window_of(event))
    flows, missing = flows_of(event, stored)
    if missing:
        logging.getLogger("netad.extract").warning(
            "%s does not hold %s of the event any more", stored.where, counted(missing, "flow")
        )
    return Wanted(source, *flows.span(), flows=flows)


def _check_target(target: str, captures: "list[Source]") -> None:
    """Refuse to write over what is read."""
    from os.path import realpath

    if target != "-" and realpath(target) in (realpath(source.path) for source in captures):
        raise ConfigError(f"{target} is one of the inputs: write to another file")


def _copy(
    wanted: "Wanted", sources: "list[Source]", report: "IngestReport", target: str, form: str, quiet: bool
) -> dict[str, tuple[int, int]]:
    """Copy what is wanted to the target; return by path how many packets and bytes of them there were."""
    from netad.extract.finding import Finder
    from netad.extract.writing import capture_writer
    from netad.progress import progress

    counts: dict[str, tuple[int, int]] = {}
    with progress(quiet) as bar, capture_writer(target, form) as writer:
        if bar is not None:
            bar.expect(source.path for source in sources)
        finder = Finder(wanted, report, bar)
        for found in finder.found(sources):
            writer.write(found)
            packets, size = counts.get(found.source.path, (0, 0))
            counts[found.source.path] = packets + len(found.rows), size + found.bytes
        writer.close(finder.link_types)
    return counts


def _told(wanted: "Wanted", counts: dict[str, tuple[int, int]], target: str, read: int, captures: int) -> list[str]:
    """Return what became of the request, a line each."""
    from netad.core.figures import size
    from netad.ingest.inputs import STDIN
    from netad.outputs.wording import counted

    packets, octets = (sum(one) for one in zip(*counts.values(), strict=True)) if counts else (0, 0)
    of = f"of {wanted.source.text}{wanted.when()}"
    if packets:
        lines = [f"{counted(packets, 'packet')} ({size(octets)}) {of} written to {place(target)}"]
    else:
        lines = [f"no packet {of} in {counted(read, 'capture')}: what was written to {place(target)} is empty"]
    named = list(counts.items()) if read > 1 else []
    lines += [
        f"  {'standard input' if path == STDIN else path}: {counted(some, 'packet')} ({size(of_them)})"
        for path, (some, of_them) in named[:MOST_NAMED]
    ]
    if named[MOST_NAMED:]:
        lines.append(f"  and {counted(len(named) - MOST_NAMED, 'further capture')}")
    if read < captures:
        left = counted(captures - read, "capture")
        lines.append(f"not read: {left} that by their times hold nothing of it (--every-file reads all)")
    return lines
