"""Show the progress of long work, only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from chatlog.cli.output import visible

Report = Callable[[int, int], None]
"""Called with the amount done and the total (0 if unknown)."""


@contextmanager
def progress(what: str) -> Iterator[Report]:
    """Show a bar on stderr while the block runs."""
    if not sys.stderr.isatty():
        yield lambda _done, _of: None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    console = Console(file=sys.stderr)
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task(visible(what), total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of or None)
