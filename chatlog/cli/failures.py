"""Turn failures into one sentence on stderr and exit status 2."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NoReturn, ParamSpec, TypeVar

import click

from chatlog.cli import output
from chatlog.cli.streams import silence
from chatlog.databases.database import DATABASE_ERRORS
from chatlog.databases.opening import why
from chatlog.domain.errors import ChatlogError, Unavailable, said_by_system

P = ParamSpec("P")
R = TypeVar("R")

WRONG: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130


def failures_are_sentences(command: Callable[P, R]) -> Callable[P, R]:
    """Make a command end with status 2 and a sentence when the database or a file fails.

    A reader that goes away (``chatlog history ROOM | head``) is not a failure.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except Unavailable as error:
            cause = error.__cause__
            sentence = str(error) if cause is None else f"The database cannot be used: {why(cause)}"
        except ChatlogError as error:
            sentence = str(error)
        except DATABASE_ERRORS as error:
            sentence = f"The database cannot be used: {why(error)}"
        except BrokenPipeError:
            _leave_quietly()
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        except ImportError as error:
            sentence = f"{error}: install chatlog with its dependencies, as `pip install .` does."
        except UnicodeEncodeError:  # bytes of the command line that are no text
            sentence = "An argument is not UTF-8."
        except OSError as error:
            sentence = _said_by_system(error)
        fail(sentence)

    return run


def _said_by_system(error: OSError) -> str:
    if isinstance(error, TimeoutError) and not error.args:  # without a word of its own
        return "The database did not answer in time."
    return said_by_system(error)


@contextmanager
def bad_usage_is_a_sentence() -> Iterator[None]:
    """End with status 2 and a sentence when the command line is wrong.

    ``chatlog`` without arguments still shows its help.
    """
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.ClickException as error:
        fail(" ".join(error.format_message().split()))


def fail(sentence: str, status: int = USAGE) -> NoReturn:
    """Exit with a sentence on stderr."""
    try:
        output.say(f"chatlog: {sentence}", err=True)
    except OSError:  # nobody takes the sentence: the status still tells
        silence(sys.stderr)
    sys.exit(status)


def _leave_quietly() -> NoReturn:
    silence(sys.stdout)
    sys.exit(0)
