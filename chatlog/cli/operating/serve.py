"""``chatlog serve``: run a server until SIGINT, SIGTERM or SIGHUP."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from dataclasses import Field, fields, replace
from functools import partial
from typing import Any

import click

from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.given import ConfigOption, source_of
from chatlog.cli.logs import ServerHandler, begin_logging
from chatlog.cli.streams import silence
from chatlog.nodes.naming import default_name
from chatlog.settings import Settings
from chatlog.settings.sources import unknown_variables
from chatlog.settings.values import WrongValue, is_list, item_type
from chatlog.web.network.guards import check_public
from chatlog.web.run import run

logger = logging.getLogger(__name__)


def _option(field: Field[Any]) -> click.Option:
    """Return the option for one setting, built from its name, type, default and help."""
    flag = "--" + field.name.replace("_", "-")
    kind = item_type(field)
    if kind is bool:
        flag = f"{flag}/--no-{flag.removeprefix('--')}"
    given: dict[str, Any] = {"help": field.metadata.get("help", ""), "default": field.default}
    if is_list(field):
        several = isinstance(field.default, tuple)
        given |= {"multiple": True, "default": field.default if several else [field.default]}
    if kind is not bool:
        given["type"] = click.Choice(choices) if (choices := _choices(field)) else kind
        given["show_default"] = given["default"] not in ("", ())
    also = [field.metadata["also"]] if "also" in field.metadata else []
    return click.Option([flag, *also], **given)


def _choices(field: Field[Any]) -> tuple[str, ...]:
    return tuple(field.metadata.get("choices", ()))


def _settings(values: dict[str, Any]) -> Settings:
    if len(values["host"]) == 1:
        (values["host"],) = values["host"]
    try:
        return Settings(**values)
    except WrongValue as wrong:
        source = source_of(click.get_current_context(), wrong.setting)
        raise click.UsageError(f"{source} {wrong.why}") from None


@failures_are_sentences
def _serve(**values: Any) -> None:
    settings = _settings(values)
    if (refusal := check_public(settings)) is not None:
        raise click.UsageError(refusal)
    if settings.auth == "token":
        _check_keys(settings)
    settings = replace(settings, node=settings.node or default_name())
    log = begin_logging(settings)
    for variable, sentence in unknown_variables(os.environ):
        logger.warning("%s", sentence, extra={"kind": variable})
    _runner()(run(settings, announce=partial(_announce, log)))


def _check_keys(settings: Settings) -> None:
    """Refuse to start without keys, before anything is opened or logged.

    Raises:
        LogError: if the settings name no key, or a file cannot be used.
    """
    from chatlog.tokens.keys import load_keys

    load_keys(settings)


def _announce(log: ServerHandler, sentence: str) -> None:
    log.begin()
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
    params=[
        ConfigOption(["--config"], names={field.name for field in fields(Settings)}),
        *map(_option, fields(Settings)),
    ],
)
