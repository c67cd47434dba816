import json
import logging

import pytest

from netad.config import Config
from netad.core.errors import ConfigError
from netad.logs import configure_logging


@pytest.fixture(autouse=True)
def _restored():
    yield
    logger = logging.getLogger("netad")
    for handler in logger.handlers[:]:
        logger.removeHandler(handler)
        handler.close()
    logger.propagate = True


def test_text_messages_go_to_a_file(tmp_path):
    """--log-file takes the messages, in plain text."""
    path = tmp_path / "log"
    configure_logging(Config(log_file=str(path)))
    logging.getLogger("netad.x").warning("hello")
    assert path.read_text() == "netad: hello\n"


def test_json_messages_are_ecs(tmp_path):
    """--log-format json writes ECS logging lines."""
    path = tmp_path / "log"
    configure_logging(Config(log_file=str(path), log_format="json"))
    logging.getLogger("netad.x").warning("hello")
    line = json.loads(path.read_text())
    assert line["message"] == "hello"
    assert line["log.level"] == "warning"
    assert "ecs.version" in line


@pytest.mark.parametrize(("config", "levels"), [
    (Config(quiet=True), ["error"]), (Config(), ["warning", "error"]),
    (Config(verbose=1), ["info", "warning", "error"]),
])  # fmt: skip
def test_verbosity_chooses_the_level(capsys, config, levels):
    """-q keeps errors only, -v adds information."""
    configure_logging(config)
    for level in ("info", "warning", "error"):
        getattr(logging.getLogger("netad.x"), level)(level)
    assert [line.removeprefix("netad: ") for line in capsys.readouterr().err.splitlines()] == levels


def test_a_log_file_that_cannot_be_opened_is_a_sentence(tmp_path):
    """A wrong path ends with exit code 2, not a traceback."""
    with pytest.raises(ConfigError, match="cannot be opened"):
        configure_logging(Config(log_file=str(tmp_path / "no" / "log")))
