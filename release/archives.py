"""The wheel and the source archive of a commit, the same bytes whoever builds them."""

import gzip
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path


def build(repository: Path, commit: str, folder: Path) -> tuple[Path, Path]:
    """Build the source archive and the wheel of a commit, in `folder` and as of the commit's time, and return them.

    They are built from what git holds: neither files that lie about nor a stale build/ get in.

    Raises:
        subprocess.CalledProcessError: there is no such commit, or it cannot be built.
    """
    source = folder / "source"
    source.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", commit], cwd=repository, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(source, filter="tar")
    told = ["git", "log", "-1", "--format=%ct", commit]
    epoch = int(subprocess.run(told, cwd=repository, check=True, capture_output=True, text=True).stdout)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(source)]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    settle(sdist, epoch)
    return sdist, wheel


def settle(sdist: Path, epoch: int) -> None:
    """Write a source archive anew without what depends on who built it when.

    setuptools heeds SOURCE_DATE_EPOCH in wheels only: a source archive has the times, owners and modes of its building.
    """
    packed = io.BytesIO()
    with (
        tarfile.open(sdist) as before,
        gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=epoch) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as after,
    ):
        for member in sorted(before, key=lambda one: one.name):
            member.mtime, member.uid, member.gid, member.uname, member.gname = epoch, 0, 0, "", ""
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            member.pax_headers = {}
            after.addfile(member, before.extractfile(member) if member.isreg() else None)
    sdist.write_bytes(packed.getvalue())
