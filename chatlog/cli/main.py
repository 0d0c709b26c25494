"""The ``chatlog`` command: its sub-commands, each imported only when it is run."""

from __future__ import annotations

import importlib
from typing import Any, Final

import click

from chatlog import __version__
from chatlog.cli.failures import bad_usage_is_a_sentence
from chatlog.cli.given import CONFIG_HELP
from chatlog.cli.output import speak_utf8
from chatlog.cli.streams import hold_standard_streams

COMMANDS: Final = {
    "serve": "chatlog.cli.operating.serve",
    "migrate": "chatlog.cli.operating.migrate",
    "import": "chatlog.cli.operating.import_",
    "export": "chatlog.cli.reading.export",
    "export-user": "chatlog.cli.reading.export_user",
    "rooms": "chatlog.cli.reading.rooms",
    "history": "chatlog.cli.reading.history",
    "chat": "chatlog.cli.chatting.chat",
    "tail": "chatlog.cli.reading.tail",
    "follow": "chatlog.cli.moving.follow",
    "users": "chatlog.cli.reading.users",
    "verify": "chatlog.cli.reading.verify",
    "witnesses": "chatlog.cli.reading.witnesses",
    "redact": "chatlog.cli.operating.redact",
    "checkpoint": "chatlog.cli.reading.checkpoint",
    "rebuild": "chatlog.cli.operating.rebuild",
    "backup": "chatlog.cli.operating.backup",
    "copy": "chatlog.cli.moving.copy",
    "retention": "chatlog.cli.operating.retention",
    "erase-user": "chatlog.cli.operating.erase_user",
    "token": "chatlog.cli.operating.token",
    "hook": "chatlog.cli.operating.hook",
    "webhook": "chatlog.cli.operating.webhook",
    "sql": "chatlog.cli.reading.sql",
    "demo": "chatlog.cli.operating.demo",
}
"""The module of each command; the command object is called like the module's last part."""


class _Commands(click.Group):
    """Imports each command lazily, so that a reader does not wait for the server's modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name])
        command: click.Command = getattr(module, COMMANDS[cmd_name].rpartition(".")[2])
        return command

    def main(self, *args: Any, **kwargs: Any) -> Any:
        hold_standard_streams()
        return super().main(*args, **kwargs)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with bad_usage_is_a_sentence():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with bad_usage_is_a_sentence():
            return super().invoke(ctx)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="chatlog")
@click.option("--database", metavar="URL", help="URL of the log, for the command that follows it.")
@click.option("--config", metavar="FILE", help=CONFIG_HELP)
def main(database: str | None, config: str | None) -> None:
    """Run and query chatlog, the chat backend you can audit: an event-sourced chat server."""
    speak_utf8()
