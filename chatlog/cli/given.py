"""Give a command the settings that the environment and the file of ``--config`` name.

They become the defaults of the command's own options, so that a flag comes before them. A flag
``--database`` or ``--config`` before the name of the command counts like one after it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import Any, Final

import click
from click.core import ParameterSource

from chatlog.settings.sources import BadSource, Given, given_settings
from chatlog.settings.values import WrongValue

CONFIG_HELP: Final = "TOML file with settings, such as port = 8080.  [default: CHATLOG_CONFIG]"
_SOURCES: Final = "chatlog.sources"


class ConfigOption(click.Option):
    """``--config``: gives its command the settings of these names."""

    def __init__(self, declarations: Sequence[str], *, names: Collection[str]) -> None:
        super().__init__(
            declarations,
            metavar="FILE",
            is_eager=True,  # read before the options to which it gives defaults
            expose_value=False,
            callback=self._give,
            help=CONFIG_HELP,
        )
        self._names = names

    def _give(self, context: click.Context, _: click.Parameter, path: str | None) -> None:
        before = _before(context)
        try:
            given = given_settings(os.environ, path or before.get("config"))
            if "database" in before:
                given["database"] = Given(before["database"], "--database")
            values = {name: given[name].parsed(name) for name in given if name in self._names}
        except (BadSource, WrongValue) as error:
            raise click.UsageError(str(error)) from None
        except OSError as error:
            raise click.UsageError(f"{error.filename} cannot be read: {error.strerror}.") from None
        context.meta[_SOURCES] = given
        context.default_map = {**(context.default_map or {}), **values}


def source_of(context: click.Context, name: str) -> str:
    """Return where a setting's value is from: a flag, a variable, or a file and its key."""
    given: dict[str, Given] = context.meta.get(_SOURCES, {})
    if name in given and context.get_parameter_source(name) is ParameterSource.DEFAULT_MAP:
        return given[name].source
    return "--" + name.replace("_", "-")


def _before(context: click.Context) -> dict[str, Any]:
    """Return the flags that were given before the command's name."""
    root = context.find_root()
    if root is context:
        return {}
    return {name: value for name, value in root.params.items() if value is not None}
