"""A PostgreSQL database that forgets what was committed last, as after a lossy fail-over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import asyncpg


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a database, to go back to; nobody is left connected to either."""

    name: str
    admin: Any

    @property
    def copied(self) -> str:
        return f"{self.name}_copy"

    async def take(self) -> None:
        await self._allow(connections=False)  # a server that polls would be back at once
        await self._cut()
        create = f"CREATE DATABASE {self.copied} TEMPLATE {self.name} STRATEGY file_copy"
        await self.admin.execute(create)
        await self._allow(connections=True)

    async def go_back(self) -> None:
        """Put the copy in the database's place: connections end, and its URL leads to the copy."""
        await self._allow(connections=False)
        await self._cut()
        await self.admin.execute(f"DROP DATABASE {self.name} WITH (FORCE)")
        await self.admin.execute(f"ALTER DATABASE {self.copied} RENAME TO {self.name}")

    async def _allow(self, *, connections: bool) -> None:
        await self.admin.execute(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS {connections}")

    async def _cut(self) -> None:
        await self.admin.fetchval(
            "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity "
            "WHERE datname = $1",
            self.name,
        )


@asynccontextmanager
async def copy_of(url: str) -> AsyncIterator[Copy]:
    """Copy a database as it is now."""
    parts = urlsplit(url)
    admin = await asyncpg.connect(parts._replace(path="/postgres").geturl())
    try:
        copy = Copy(parts.path.strip("/"), admin)
        await copy.take()
        yield copy
        await admin.execute(f"DROP DATABASE IF EXISTS {copy.copied} WITH (FORCE)")
    finally:
        await admin.close()
