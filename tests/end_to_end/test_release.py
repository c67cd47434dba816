"""What a release's archives are like; `make release-check` builds and tries them."""

import io
import re
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml

from netad import __version__
from release.archives import settle
from tests.test_structure import ROOMS

ROOT = Path(__file__).resolve().parents[2]


def packed(path, *, when, who, order):
    with tarfile.open(path, "w:gz") as archive:
        for name in order:
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.uname, member.mode = 4, when, who, 0o664 if who else 0o600
            archive.addfile(member, io.BytesIO(name[-4:].encode()))


def test_a_source_archive_does_not_tell_who_built_it_when(tmp_path):
    """Time, owner, mode and order of its making are gone; what is in it is not."""
    packed(tmp_path / "one.tar.gz", when=1_000_000, who="ann", order=["n-1/b.py", "n-1/a.py"])
    packed(tmp_path / "two.tar.gz", when=2_000_000, who="", order=["n-1/a.py", "n-1/b.py"])
    for name in ("one", "two"):
        settle(tmp_path / f"{name}.tar.gz", 1_700_000_000)
    assert (tmp_path / "one.tar.gz").read_bytes() == (tmp_path / "two.tar.gz").read_bytes()
    with tarfile.open(tmp_path / "one.tar.gz") as archive:
        assert [(member.name, member.mtime, member.mode) for member in archive] == [
            ("n-1/a.py", 1_700_000_000, 0o644),
            ("n-1/b.py", 1_700_000_000, 0o644),
        ]
        assert archive.extractfile("n-1/a.py").read() == b"a.py"


def test_the_citation_names_the_version():
    """CITATION.cff is of the version that the package has."""
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == __version__


def test_forms_for_issues_are_valid_yaml():
    """Every form has a name, a description and parts with ids of their own."""
    forms = [path for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml"]
    assert forms
    for form in map(yaml.safe_load, (path.read_text() for path in forms)):
        assert form["name"]
        assert form["description"]
        ids = [part["id"] for part in form["body"] if part["type"] != "markdown"]
        assert len(ids) == len(set(ids)) > 0


def test_every_folder_is_in_the_source_archive():
    """Each folder that git holds is a room of the package, or MANIFEST.in names it."""
    listed = subprocess.run(
        ["git", "ls-tree", "-d", "--name-only", "HEAD"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("git is not here, or this is no clone")
    grafted = set(re.findall(r"^graft (\S+)", (ROOT / "MANIFEST.in").read_text(), re.MULTILINE))
    assert set(listed.stdout.split()) - {"netad", *ROOMS} == grafted
