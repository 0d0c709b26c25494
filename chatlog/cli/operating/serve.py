"""``chatlog serve``: run a server until SIGINT, SIGTERM or SIGHUP."""

from __future__ import annotations

import asyncio
import logging
import sys
from dataclasses import MISSING, Field, fields
from typing import Any

import click

from chatlog.cli import output
from chatlog.cli.calm import CalmHandler
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.streams import silence
from chatlog.settings import Settings, database_from
from chatlog.web.network.guards import check_public
from chatlog.web.run import run


def _option(field: Field[Any]) -> click.Option:
    """Return the option for one setting, built from its name, type, default and help."""
    flags = ["--" + field.name.replace("_", "-")]
    if "also" in field.metadata:
        flags.append(field.metadata["also"])
    help_ = field.metadata.get("help", "")
    default = field.default if field.default is not MISSING else None
    if isinstance(default, bool):
        return click.Option(flags, is_flag=True, default=default, help=help_)
    if isinstance(default, tuple):
        return click.Option(flags, multiple=True, help=help_)
    if field.metadata.get("several"):
        return click.Option(flags, multiple=True, default=[default], show_default=True, help=help_)
    if "choices" in field.metadata:
        choices = click.Choice(field.metadata["choices"])
        return click.Option(flags, type=choices, default=default, show_default=True, help=help_)
    return click.Option(flags, type=type(default), default=default, show_default=True, help=help_)


class VisibleFormatter(logging.Formatter):
    """Formats a log record as one line without terminal control sequences."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line with control characters escaped."""
        return output.visible(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        """Return the traceback with control characters escaped."""
        return output.guarded(super().formatException(ei))


def _settings(values: dict[str, Any]) -> Settings:
    values["database"] = values["database"] or database_from()
    if len(values["host"]) == 1:
        (values["host"],) = values["host"]
    try:
        return Settings(**values)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


@failures_are_sentences
def _serve(**values: Any) -> None:
    settings = _settings(values)
    if (refusal := check_public(settings)) is not None:
        raise click.UsageError(refusal)
    if settings.auth == "token":
        _check_keys(settings)
    handler = CalmHandler()
    handler.setFormatter(VisibleFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("alembic").setLevel(logging.WARNING)
    _runner()(run(settings, announce=_announce))


def _check_keys(settings: Settings) -> None:
    """Refuse to start without keys, before anything is opened or logged.

    Raises:
        LogError: if the settings name no key, or a file cannot be used.
    """
    from chatlog.tokens.keys import load_keys

    load_keys(settings)


def _announce(sentence: str) -> None:
    try:
        output.say(sentence)
    except OSError:  # nobody reads it, or it goes to a disk that is full
        silence(sys.stdout)


def _runner() -> Any:
    """Return uvloop's ``run`` if it is installed, else asyncio's."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    return uvloop.run


serve = click.Command(
    "serve",
    callback=_serve,
    help="Serve rooms over WebSockets and HTTP.",
    params=[_option(field) for field in fields(Settings)],
)
