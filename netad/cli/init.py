"""`netad init`: the files of a beginning, by questions or by flags."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netad.core.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from netad.starter.texts import Starter

# Where captures and logs often are; those that are there are proposed.
USUAL_INPUTS = ("/opt/zeek/logs", "/usr/local/zeek/logs", "/var/log/zeek", "/var/log/suricata/eve.json", "/var/capture",
                "/var/log/pcap")  # fmt: skip
_SYSTEM = Path("/etc")


@click.command("init", short_help="Write settings, rules and a timer to begin with.")
@click.argument("folder", metavar="[FOLDER]", type=click.Path(file_okay=False, path_type=Path), default=".")
@click.option("--inputs", metavar="PATH", multiple=True, help="Captures and logs to read; may be given several times.")
@click.option("--outputs", metavar="OUTPUT", multiple=True,
              help="Where results go, as ingest's --to; may be given several times. [parquet:store]")  # fmt: skip
@click.option("--model", metavar="DIR", help="Where the model is, or will be. [model]")
@click.option("--inside", metavar="NETWORK", multiple=True, help="An inside network (CIDR). [private ranges]")
@click.option("--timer", type=click.Choice(("systemd", "cron", "none")), help="What starts it every five minutes.")
@click.option("--user", metavar="NAME", help="Who runs it. [netad below /etc, else you]")
@click.option("--yes", is_flag=True, help="Ask nothing: take what is proposed.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
def command(folder: Path, yes: bool, force: bool, **flags: Any) -> None:
    """Write commented settings for 'netad scan', a file of rules, and a timer; say what comes next.

    On a terminal it asks for what no flag says. FOLDER is the current one; below /etc what a scan keeps goes to
    /var/lib/netad. Files that are there stay as they are.

    \b
    netad init
    netad init /etc/netad --inputs /opt/zeek/logs --outputs elastic --timer systemd --yes

    Exit codes: 0 done, 2 usage, or a file is there already, 4 a file cannot be written.
    """  # noqa: D301 - click takes a backspace as "do not wrap what follows"
    from datetime import UTC, datetime

    from netad.outputs.base import OUTPUTS
    from netad.starter.texts import files_of

    starter = _starter(folder.absolute(), yes, **flags)
    for target in starter.outputs:
        OUTPUTS.load(target.partition(":")[0])
    files = files_of(starter, datetime.now(UTC).date())
    there = [name for name in files if (starter.folder / name).exists()]
    if there and not force:
        raise ConfigError(f"{starter.folder} has {', '.join(there)} already: --force writes over what is there")
    for name, text in files.items():
        _write(starter.folder / name, text)
        click.echo(f"wrote {starter.folder / name}")
    click.echo("next:")
    for line in _next(starter):
        click.echo(f"  {line}")


def _starter(
    folder: Path, yes: bool, inputs: tuple[str, ...], outputs: tuple[str, ...], model: str | None,
    inside: tuple[str, ...], timer: str | None, user: str | None,
) -> "Starter":  # fmt: skip
    """Return what is to be written, asked for on a terminal as far as no flag says it.

    Raises:
        ConfigError: nobody says what to read.
    """
    from netad.starter.texts import TIMERS, Starter

    asking = not yes and sys.stdin.isatty()
    kept = "/var/lib/netad/" if folder.is_relative_to(_SYSTEM) else ""
    usual = tuple(one for one in USUAL_INPUTS if Path(one).exists())
    if not (inputs or usual or asking):
        raise ConfigError("say with --inputs where captures or logs are")

    def asked(question: str, proposed: str, choices: tuple[str, ...] = ()) -> str:
        if not asking:
            return proposed
        answer: str = click.prompt(question, proposed, type=click.Choice(choices) if choices else str)
        return answer

    read = inputs or _several(asked("Captures and logs to read (several with spaces)", " ".join(usual) or "captures"))
    sent = outputs or _several(asked("Where results go (console, elastic, parquet:DIR, ...)", f"parquet:{kept}store"))
    return Starter(
        folder=folder,
        inputs=tuple(str(Path.cwd() / one) for one in read),
        outputs=sent,
        model=str(Path.cwd() / model) if model else asked("Model, made by 'netad train'", f"{kept}model"),
        state=f"{kept}scan",
        inside=inside,
        timer=timer or asked("What starts it every five minutes", _proposed_timer(), TIMERS),
        netad=_program(),
        user=user or ("netad" if kept else _me()),
    )


def _several(answer: str) -> tuple[str, ...]:
    """Return an answer's words, quoted where they have spaces.

    Raises:
        ConfigError: a quote is not closed.
    """
    import shlex

    try:
        return tuple(shlex.split(answer))
    except ValueError as error:
        raise ConfigError(f"{answer}: a quotation mark is missing") from error


def _proposed_timer() -> str:
    return "systemd" if Path("/run/systemd/system").exists() else "cron"


def _program() -> str:
    """Return the path of the program that runs, as a timer needs it."""
    import shutil

    beside = Path(sys.executable).with_name("netad")
    return str(beside) if beside.exists() else shutil.which("netad") or "netad"


def _me() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user that has no name
        return "netad"


def _write(path: Path, text: str) -> None:
    """Write a file; the settings only if they load.

    Raises:
        ConfigError: the settings do not.
        OutputError: it cannot be written.
    """
    from netad.core.files import atomic_path
    from netad.scan.settings import load_scan
    from netad.starter.texts import SETTINGS

    try:
        with atomic_path(path) as part:
            part.write_text(text, encoding="utf-8")
            if path.name == SETTINGS:
                try:
                    load_scan(part, {}, {})
                except ConfigError as error:
                    raise ConfigError(str(error).replace(str(part), str(path))) from error
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error


def _next(starter: "Starter") -> list[str]:
    """Return the commands that come next, with what each is for."""
    from shlex import join

    from netad.starter.texts import RULES

    folder, settings = str(starter.folder), str(starter.settings)
    units = [f"{folder}/netad-scan.{kind}" for kind in ("service", "timer")]
    enable = "sudo systemctl enable --now netad-scan.timer"
    last = {
        "systemd": f"sudo {join(['cp', *units, '/etc/systemd/system'])} && {enable}   # every five minutes",
        "cron": f"sudo {join(['cp', f'{folder}/netad.cron', '/etc/cron.d/netad'])}   # every five minutes",
        "none": f"{join(['netad', 'rules', 'lint', f'{folder}/{RULES}'])}   # check the rules, when you have some",
    }
    train = ["netad", "train", *starter.inputs, "--model", str(starter.folder / starter.model)]
    return [
        f"{join(train)}   # learn what is normal",
        f"{join(['netad', 'scan', settings])}   # judge what is new, once",
        last[starter.timer],
    ]
