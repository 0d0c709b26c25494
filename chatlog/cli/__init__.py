"""The command line: one module a command."""

from chatlog.cli.main import main

__all__ = ["main"]
