"""Files of the repository that are pages of the site too, and links across the edge of docs/.

In the repository a page links to ../benchmarks/README.md, which readers on a code host can follow; the site has that
file as a page of its own, so links are turned while it is built. Links to files that are no page (code, licence) lose
their link and keep their text.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
# Where a file of the repository stands in the site.
PAGES = {
    "benchmarks/README.md": "repository/benchmarks.md",
    "CHANGELOG.md": "repository/changelog.md",
    "CONTRIBUTING.md": "repository/contributing.md",
    "SECURITY.md": "repository/security.md",
    "CODE_OF_CONDUCT.md": "repository/code-of-conduct.md",
    "README.md": "index.md",
}
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^):\s]+?)(#[^)]*)?\)")


def on_files(files: Files, config: Any) -> Files:  # noqa: ANN401 - mkdocs' configuration
    """Add the repository's pages, all but the README: the site has a first page of its own."""
    for origin, place in PAGES.items():
        if origin != "README.md":
            files.append(File.generated(config, place, content=(ROOT / origin).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, files: Files, **_: Any) -> str:  # noqa: ANN401
    """Turn the links that cross the edge of docs/."""
    return site_links(markdown, page.file.src_uri, set(files.src_uris))


def site_links(markdown: str, place: str, places: set[str]) -> str:
    """Return the text of the page at `place` with links to where their targets are in the site."""
    origins = {site: origin for origin, site in PAGES.items() if site != "index.md"}
    origin = origins.get(place, f"docs/{place}")

    def turned(link: re.Match[str]) -> str:
        text, target, anchor = link.group(1), link.group(2), link.group(3) or ""
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(origin), target))
        site = PAGES.get(wanted, wanted.removeprefix("docs/") if wanted.startswith("docs/") else None)
        if site is None:
            return text
        if site not in places and f"{site}/index.md" not in places:
            return link.group(0)  # for mkdocs to complain of
        return f"[{text}]({posixpath.relpath(site, posixpath.dirname(place) or '.')}{anchor})"

    return LINK.sub(turned, markdown)
