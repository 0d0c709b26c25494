"""The server's log on stderr: lines of text or of JSON, and what the first line says.

A line is safe for terminals, and repeated warnings are counted (``calm``). Only chatlog's own
loggers follow ``--log-level`` below ``info``: drivers write statements with their values at
``debug``, and content is never logged.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

from chatlog import __version__
from chatlog.cli import output
from chatlog.cli.calm import CalmHandler
from chatlog.databases.database import backend_for
from chatlog.settings import Settings

logger = logging.getLogger(__name__)

_TEXT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class VisibleFormatter(logging.Formatter):
    """Formats a log record as one line without terminal control sequences."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line with control characters escaped."""
        return output.visible(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        """Return the traceback with control characters escaped."""
        return output.guarded(super().formatException(ei))


class JsonFormatter(logging.Formatter):
    """Formats a log record as one ASCII line of JSON, with the facts that its caller attached."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, UTC)
        line = {
            "at": f"{at:%Y-%m-%dT%H:%M:%S.%f}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


class ServerHandler(CalmHandler):
    """Writes a first line before any other, at the latest when ``begin`` is called.

    A server that cannot start has then said one sentence: why.
    """

    def __init__(self, first: logging.LogRecord) -> None:
        super().__init__()
        self._first: logging.LogRecord | None = first

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, after the first line. The caller holds the handler's lock."""
        first, self._first = self._first, None
        if first is not None and first.levelno >= logging.getLogger(first.name).getEffectiveLevel():
            super().emit(first)
        if record is not first:
            super().emit(record)

    def begin(self) -> None:
        """Write the first line, if it has not been written."""
        if self._first is not None:
            self.handle(self._first)


def begin_logging(settings: Settings) -> ServerHandler:
    """Log to stderr in the form and from the level that the settings name.

    Raises:
        LogError: if the database's URL is invalid.
    """
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    handler = ServerHandler(_start(settings))
    is_json = settings.log_format == "json"
    handler.setFormatter(JsonFormatter() if is_json else VisibleFormatter(_TEXT))
    logging.basicConfig(level=max(level, logging.INFO), handlers=[handler])
    logging.getLogger("chatlog").setLevel(level)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return handler


def _start(settings: Settings) -> logging.LogRecord:
    """Return what starts: version, database without its password, node and mode."""
    facts = {
        "version": __version__,
        "database": backend_for(settings.database).place,
        "node": settings.node,
        "mode": settings.auth,
    }
    sentence = "chatlog %(version)s starts on %(database)s as node %(node)s, in %(mode)s mode."
    given = {"facts": facts}
    return logger.makeRecord(
        logger.name, logging.INFO, __file__, 0, sentence, (facts,), None, extra=given
    )
