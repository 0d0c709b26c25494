"""The ``chatlog`` command and its sub-commands."""

from __future__ import annotations

import click

from chatlog import __version__
from chatlog.cli.serve import serve


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="chatlog")
def main() -> None:
    """Run, read and audit an event-sourced chat server."""


main.add_command(serve)
