"""Messages about the run itself: to stderr or a file, as text or as ECS JSON lines (ecs-logging)."""

import logging
import sys

from netad.config import Config
from netad.core.errors import ConfigError


def configure_logging(config: Config) -> None:
    """Send netad's messages where the settings say.

    Raises:
        ConfigError: the log file cannot be opened.
    """
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if config.log_file:
        try:
            handler = logging.FileHandler(config.log_file, encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"the log file {config.log_file} cannot be opened: {error.strerror}") from error
    if config.log_format == "json":
        import ecs_logging

        handler.setFormatter(ecs_logging.StdlibFormatter())
    else:
        handler.setFormatter(logging.Formatter("netad: %(message)s"))
    level = logging.ERROR if config.quiet else (logging.WARNING, logging.INFO, logging.DEBUG)[min(config.verbose, 2)]
    logger = logging.getLogger("netad")
    for old in logger.handlers[:]:
        logger.removeHandler(old)
        old.close()
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False
