"""What all tests share: where the real captures are, how the elastic tests get a server, hypothesis profiles."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

pytest_plugins = ["tests.browser_fixture", "tests.elastic_fixture"]

ROOT = Path(__file__).resolve().parent.parent

hypothesis.settings.register_profile("fast", max_examples=30, deadline=None, derandomize=True)
hypothesis.settings.register_profile("deep", max_examples=2000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("NETAD_HYPOTHESIS", "fast"))


def corpus_folder() -> Path | None:
    """Return the folder of real captures: NETAD_CORPUS, else ../shared/data beside the checkout."""
    named = os.environ.get("NETAD_CORPUS")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    return folder if (folder / "MANIFEST.tsv").is_file() else None


def forget_logging() -> None:
    """Undo what a command in this process has set up: messages go to pytest again."""
    logger = logging.getLogger("netad")
    for handler in logger.handlers[:]:
        logger.removeHandler(handler)
        handler.close()
    logger.propagate = True
    logger.setLevel(logging.NOTSET)


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """No test is told less, or more, because of what a test before it has run."""
    forget_logging()
    yield
    forget_logging()


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The real captures and logs; without them a test fails in CI and is skipped elsewhere."""
    folder = corpus_folder()
    if folder is None:
        reason = "the corpus is missing: set NETAD_CORPUS to its folder"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
