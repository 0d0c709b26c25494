"""Check the pieces of a verification in separate processes.

Each process opens the log itself. Processes are spawned, not forked: a fork would inherit the
locks of the parent's threads and its open database.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import signal
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from chatlog.audit.verification.ranges import Found, Piece, Tell, check_piece
from chatlog.databases.database import Database
from chatlog.domain.errors import LogError


async def check_here(
    database: Database, tasks: AsyncIterator[list[Piece]], tell: Tell
) -> AsyncIterator[Found]:
    """Check the tasks' pieces in this process, one after the other."""
    async for task in tasks:
        for piece in task:
            yield await check_piece(database, piece, tell)


async def check_in_processes(
    url: str, tasks: AsyncIterator[list[Piece]], tell: Tell, jobs: int
) -> AsyncIterator[Found]:
    """Check the tasks' pieces in several processes; yield the findings in their order."""
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(
        jobs, mp_context=spawn, initializer=_prepare, initargs=gc.get_threshold()
    )
    waiting: deque[asyncio.Future[list[Found]]] = deque()
    try:
        async for task in tasks:
            waiting.append(asyncio.wrap_future(pool.submit(work, url, task)))
            if len(waiting) > 2 * jobs:
                for found in _told(await waiting.popleft(), tell):
                    yield found
        while waiting:
            for found in _told(await waiting.popleft(), tell):
                yield found
    except BrokenProcessPool:
        raise LogError("A verifying process was killed: try again with fewer --jobs.") from None
    finally:
        pool.shutdown(cancel_futures=True)


def _told(task: list[Found], tell: Tell) -> list[Found]:
    tell(sum(max(0, found.head - found.piece.first + 1) for found in task))
    return task


def _prepare(*collects_at: int) -> None:
    gc.set_threshold(*collects_at)  # as in the parent
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends them


def work(url: str, task: list[Piece]) -> list[Found]:
    """Check one task; this runs in a separate process."""
    return asyncio.run(_work(url, task))


async def _work(url: str, task: list[Piece]) -> list[Found]:
    database = Database(url, readers=1, patient=True)
    try:
        return [await check_piece(database, piece) for piece in task]
    finally:
        await database.dispose()
