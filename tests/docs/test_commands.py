"""The commands of the documentation run as they stand, or are listed here with the reason why not."""

import logging
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from netad.cli import main, root
from tests.docs.commands import PAGES, ROOT, Shown, shown
from tests.docs.sandbox import build
from tests.test_structure import setup_cfg

SHOWN = [command for page in PAGES for command in shown(page)]
# What is not run, by a pattern of its text, and why. Its options are checked like those of all others.
NOT_RUN = {
    r"^netad (?!init).*\belastic(:\S+)?(\s|$|\")(?!.*--(dry-run|print-roles))": "needs an Elasticsearch",
    r"^netad setup (kibana|all)": "needs a Kibana",
    r"--to '?(syslog|webhook):": "needs a receiver",
    r"^docker ": "needs Docker",
    r"^netad evaluate (dev|captures)": "its recordings are not part of the repository",
    r"--model-type huggingface|^netad models export": "needs torch, and minutes",
    r"office-largest|table:": "tests/docs/test_examples.py runs it, with the page's code",
    r"^netad init /etc/netad$": "asks questions",
    r"\| tshark ": "needs tshark",
}
# Commands that rightly end otherwise than with 0.
ENDS_WITH = {
    r"train parquet:\S+ --since 30d": 3,  # the sample's days are longer ago
    r"--update --verdicts": 2,  # the command before it on its page has learnt these captures
    r"lint --strict rules/$": 2,  # warns that rules overlap which the page's commands before it made of one event
    r"^netad init": 2,  # says that files are there, and leaves them
}


def why_not(command):
    """Return the reason why a command is not run, None where it is."""
    return next((reason for pattern, reason in NOT_RUN.items() if re.search(pattern, command.text)), None)


def parsed(arguments):
    """Follow the arguments through groups to a command, and let its parser see the rest."""
    command, context = root, click.Context(root, info_name="netad")
    rest = list(arguments)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        alternatives = rest[0].split("|")  # a sentence may say `netad store gc|compact`
        command = [command.resolve_command(context, [name])[1] for name in alternatives][-1]
        context = click.Context(command, info_name=rest.pop(0), parent=context)
    try:
        command.make_parser(context).parse_args(rest)
    except click.BadOptionUsage:
        if rest[-1:] != [word for word in rest if word.startswith("-")][-1:]:  # a sentence may leave a value out
            raise
    return command


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder with all that the pages speak of, as it was made; netad's own state lies in it too."""
    folder = tmp_path_factory.mktemp("sandbox") / "work"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("NETAD_STATE_DIR", str(folder / "state"))
        patch.setenv("NETAD_STORE", "parquet:netad-store")
        patch.setenv("NETAD_ANONYMIZE_KEY", "5e" * 32)
        sandbox = build(folder, lambda *words: _ran(words, 0))
        shutil.copytree(folder, folder.with_name("copy"))
        patch.chdir(folder.parent)
        yield sandbox
    shutil.rmtree(folder.parent)


@pytest.fixture(scope="module")
def pages():
    """The page that the folder is used by."""
    return []


@pytest.fixture
def sandbox(made, pages, request, monkeypatch):
    """The folder as a page finds it: as it was made, with what the page's commands before this one did."""
    page = request.getfixturevalue("command").page
    if pages != [page]:
        pages[:] = [page]
        shutil.rmtree(made.folder)
        shutil.copytree(made.folder.with_name("copy"), made.folder)
    monkeypatch.chdir(made.folder)
    return made


def _ran(words, code):
    logging.getLogger("netad").handlers.clear()  # a command of its own process has none of the last one's
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert ended.value.code == code, words


@pytest.mark.parametrize("command", SHOWN, ids=str)
def test_options_exist(command):
    """Every command that a page shows, in a block or a sentence, exists, and so do its options."""
    for arguments in command.calls():
        if re.fullmatch(r"[a-z-]+", arguments[0]):  # not COMMAND, ...
            parsed(arguments)


@pytest.mark.parametrize("command", [one for one in SHOWN if not one.inline and why_not(one) is None], ids=str)
def test_runs(command, sandbox, pages, capfd):
    """The command does what the page says it does: it ends as it should, in a place that has what it speaks of."""
    text = sandbox.text(command.text)
    code = next((code for pattern, code in ENDS_WITH.items() if re.search(pattern, command.text)), 0)
    if re.search(r"[|>*]|&&", re.sub(r"'[^']*'|\"[^\"]*\"", "", text)):
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(["bash", "-c", text], env={**os.environ, "PATH": path}, check=False)
        assert done.returncode == code
        return
    for arguments in command.calls():
        _ran([sandbox.text(word) for word in arguments], code)
    assert "Traceback" not in capfd.readouterr().err
    if " store gc " in command.text:
        pages.clear()  # the sample's days are long ago, so nothing is left for the page's other commands


def test_every_reason_is_needed():
    """No pattern of the lists is left over from a command that is gone."""
    texts = [command.text for command in SHOWN if not command.inline]
    assert [one for one in (*NOT_RUN, *ENDS_WITH) if not any(re.search(one, text) for text in texts)] == []


def test_make_targets_exist():
    """What pages tell to make is in the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = {name for page in PAGES for name in re.findall(r"(?:^ {4}|`)make ([a-z-]+)", page.read_text(), re.MULTILINE)}
    assert {"demo", "test"} <= told
    assert told <= targets


def test_extras_exist():
    """What pages tell to install, `netad[extra]`, is an extra of the package."""
    told = {name for page in PAGES for name in re.findall(r"netad\[([a-z]+)\]", page.read_text())}
    assert "transformers" in told
    assert told <= set(setup_cfg()["options.extras_require"])


def test_examples_in_help_texts_parse():
    """The examples that --help prints are commands that exist, with options that exist."""
    seen = 0
    for path, command in _commands(root, ()):
        for line in (command.help or "").splitlines():
            example = re.match(r"\s*(netad .*?)(\s{3,}.*)?$", line)
            if example and not line.strip().endswith("."):
                for arguments in Shown(ROOT, 0, example.group(1)).calls():
                    assert parsed(arguments) is not None, path
                    seen += 1
    assert seen > 20


def _commands(group, path):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
