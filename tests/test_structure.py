"""The shape of the project: packages listed, tests beside modules, links in place, start-up lean."""

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("core", "ingest", "profiles", "detectors", "outputs", "rules")


def source_files():
    for top in ("netad", *ROOMS):
        for path in sorted((ROOT / top).rglob("*.py")):
            if not any(parent.is_symlink() for parent in path.relative_to(ROOT).parents if parent.name):
                relative = path.relative_to(ROOT)
                if not any((ROOT / parent).is_symlink() for parent in relative.parents):
                    yield relative


def setup_cfg():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def test_setup_cfg_lists_every_package():
    """A package that is not listed would be missing from the wheel."""
    listed = set(setup_cfg()["options"]["packages"].split())
    on_disk = set()
    for path in source_files():
        if path.name == "__init__.py":
            parts = path.parent.parts if path.parts[0] == "netad" else ("netad", *path.parent.parts)
            on_disk.add(".".join(parts))
    assert listed == on_disk


def test_every_decision_is_listed():
    """docs/decisions/README.md names each page with the title it has."""
    listed = (ROOT / "docs/decisions/README.md").read_text()
    for path in sorted((ROOT / "docs/decisions").glob("0*.md")):
        title = re.sub(r"^# (\d+\. )?", "", path.read_text().splitlines()[0])
        assert f"{int(path.name[:4])}. [{title}]({path.name})\n" in listed


def test_package_dir_maps_every_room():
    """Rooms live at the root; every package in them is mapped."""
    parser = setup_cfg()
    mapping = dict(line.split(" = ") for line in parser["options"]["package_dir"].strip().splitlines())
    for package in parser["options"]["packages"].split():
        room = package.removeprefix("netad.").split(".")[0]
        if room in ROOMS:
            assert mapping[package] == package.removeprefix("netad.").replace(".", "/")


def test_package_data_lists_every_file():
    """What is no Python (rules, dashboards, markers of types) is in the wheel too."""
    data = setup_cfg()["options.package_data"]
    for package in setup_cfg()["options"]["packages"].split():
        folder = ROOT / package.removeprefix("netad.").replace(".", "/")
        listed = {path for pattern in data.get(package, "").split() for path in folder.glob(pattern)}
        inner = [path.parent for path in folder.rglob("__init__.py") if path.parent != folder]
        present = {
            path
            for path in folder.rglob("*")
            if path.is_file()
            and path.suffix != ".py"
            and path.parent.name != "__pycache__"
            and not any(path.is_relative_to(other) for other in inner)
            and not any(parent.is_symlink() for parent in path.parents)
        }
        assert present - listed == set()


@pytest.mark.parametrize("room", ROOMS)
def test_links_serve_the_tools(room):
    """netad/<room> is a link to the room, so that type checkers see one package."""
    link = ROOT / "netad" / room
    assert link.is_symlink()
    assert link.resolve() == ROOT / room


def test_tests_mirror_the_tree():
    """Every module has its test file and every test file its module."""
    modules = {path for path in source_files() if path.name not in {"__init__.py", "__main__.py"}}
    wanted = {Path("tests", path.parent, f"test_{path.name}") for path in modules}
    wanted.add(Path("tests/netad/cli/test_init.py"))
    present = {path.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py")}
    elsewhere = ("docs", "end_to_end")  # tests of pages, and of the whole
    present -= {Path("tests/test_structure.py")} | {path for path in present if path.parts[1] in elsewhere}
    assert sorted(map(str, wanted - present)) == []
    assert sorted(map(str, present - wanted)) == []


def test_help_imports_nothing_heavy():
    """`netad --help` must answer at once: no numeric or network library is loaded for it."""
    code = (
        "import sys\n"
        "from netad.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'pandas', 'sklearn', 'numba', 'pyarrow', 'elasticsearch', 'rich', 'yaml', 'dpkt'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "ingest" in done.stdout


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    """A page that is moved takes the links to it along."""
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target
