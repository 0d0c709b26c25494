"""What goes wrong becomes one sentence on stderr and exit status 2."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import click

from chatlog.domain.errors import ChatlogError
from chatlog.eventlog.database import DRIVER_ERRORS

P = ParamSpec("P")
R = TypeVar("R")

USAGE = 2


def failures_are_sentences(command: Callable[P, R]) -> Callable[P, R]:
    """Have a command end with status 2 and a sentence where the database or a file fails."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except ChatlogError as error:
            sentence = str(error)
        except DRIVER_ERRORS as error:
            sentence = str(getattr(error, "orig", error))
        click.echo(f"chatlog: {sentence}", err=True)
        sys.exit(USAGE)

    return run
