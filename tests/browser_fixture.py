"""The browser of the tests: a pytest plugin with the fixture `browser`, a real headless Chromium.

It is the one that `NETAD_TEST_CHROMIUM` names, or the machine's own. Without one these tests fail in CI (`CI=true`);
elsewhere they are skipped.
"""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A browser for the tests of a module; each opens contexts of its own."""
    named = os.environ.get("NETAD_TEST_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        found, missing = None, "playwright is not installed: pip install 'netad[test]'"
    else:
        missing = "no Chromium is installed: apt-get install chromium, or name one in NETAD_TEST_CHROMIUM"
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        # A container's root has no user namespaces for the sandbox; only our own page is opened.
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for the browser, so that `-m 'not browser'` leaves out all of them."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
