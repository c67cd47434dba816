"""The documentation as a site: every page is built, tables come from the code, and nothing is fetched."""

import re
import subprocess
import sys
from dataclasses import fields
from importlib.util import module_from_spec, spec_from_file_location

import pytest

from netad.config import Config
from netad.core.errors import ExitCode
from tests.docs.commands import ROOT


def hook(name):
    """Return a hook of the site as mkdocs would load it."""
    spec = spec_from_file_location(f"site_{name}", ROOT / "docs/hooks" / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built as `make docs` builds it: a warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def rows(table):
    """Return the rows of a Markdown table as lists of cells."""
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in table.splitlines()
        if line.startswith("| ") and not line.startswith("| ---")
    ]


def test_every_page_is_built(site):
    """Each page of docs/ is a page of the site, and so are the repository's own; hooks are none."""
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    built = {path.relative_to(site) for path in site.rglob("*.html")}
    assert {page.with_name("index.html") if page.stem == "README" else page for page in pages} <= built
    assert (site / "repository/changelog.html").is_file()
    assert not (site / "hooks").exists()


def test_nothing_is_fetched(site):
    """A page loads its style, scripts, fonts and pictures from the site itself, so it reads without a network."""
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r"<(?:script|img|iframe|source)[^>]+src=[\"']?([^\"' >]+)", text)
        loaded += re.findall(r"<link[^>]+rel=[\"']?(?:stylesheet|icon|preconnect)[^>]+href=[\"']?([^\"' >]+)", text)
        assert loaded
        assert [place for place in loaded if "//" in place] == [], page


def test_no_mark_is_left(site):
    """Every place that asks for a table has got one."""
    assert not [page for page in site.rglob("*.html") if "made from code:" in page.read_text(encoding="utf-8")]


def test_settings_are_all_told():
    """Each setting has a row with what it is for."""
    (_, *table) = rows(hook("reference").settings())
    assert [row[0].strip("`") for row in table] == [setting.name for setting in fields(Config)]
    assert [row[0] for row in table if not row[1]] == []


def test_exit_codes_are_all_told():
    """Each code has a row with its meaning, and commands say in their help which they end with."""
    table = rows(hook("reference").exit_codes())
    assert [row[0] for row in table[1 : len(ExitCode) + 1]] == [str(int(code)) for code in ExitCode]
    assert all(row[1] for row in table)
    assert "`netad ingest`" in {row[0] for row in table}


def test_readme_and_operations_tell_codes_that_exist():
    """Tables of exit codes that are written by hand have no code that the program does not know."""
    codes = {str(int(code)) for code in ExitCode}
    for page in ("README.md", "docs/operations.md"):
        told = set(re.findall(r"^\| (\d+) \|", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE))
        assert "0" in told
        assert told <= codes


def test_rule_keys_are_told():
    """The page of the rule schema has the keys a rule must have, modifiers and fields."""
    page = hook("reference").rule_schema()
    needed = {row[0] for row in rows(page) if row[1] == "yes"}
    assert {"`id`", "`comment`", "`created_by`"} <= needed
    assert "`source.ip`" in page
    assert "`cidr`" in page


def test_every_command_has_its_help():
    """The page of commands has a section for each, with its options."""
    page = hook("reference").command_help()
    assert "## netad rules lint\n" in page
    assert "--model DIR" in page
    assert page.count("\n```text\n") == page.count("## netad ")


@pytest.mark.parametrize(
    ("place", "link", "turned"),
    [
        ("history.md", "[b](../benchmarks/README.md)", "[b](repository/benchmarks.md)"),
        ("how-to/x.md", "[c](../../CHANGELOG.md#unreleased)", "[c](../repository/changelog.md#unreleased)"),
        ("repository/changelog.md", "[r](docs/rules.md#verdicts)", "[r](../rules.md#verdicts)"),
        ("repository/contributing.md", "[f](fuzz/README.md)", "f"),
        ("rules.md", "[o](outputs.md)", "[o](outputs.md)"),
        ("rules.md", "[s](https://example.com/x)", "[s](https://example.com/x)"),
        ("rules.md", "[gone](gone.md)", "[gone](gone.md)"),
    ],
)
def test_links_lead_to_where_pages_are_in_the_site(place, link, turned):
    """Links across the edge of docs/ are turned, those to files that are no page lose their link, others stay."""
    places = {"history.md", "rules.md", "outputs.md", "repository/benchmarks.md", "repository/changelog.md"}
    assert hook("repository").site_links(link, place, places) == turned
