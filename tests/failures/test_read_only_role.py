"""A role that may only read keeps nobody from writing, whatever locks it may take."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import asyncpg

from tests.support.inside import InsideClient
from tests.support.record import Record

from .admin import administrator
from .conftest import NodeOf

# "chatlog" and "migrat": the keys that writers locked once, and may not depend on.
KEYS = (0x636861746C6F67, 0x6D6967726174)
MODES = ("ROW SHARE", "SHARE", "EXCLUSIVE", "ACCESS EXCLUSIVE")


async def test_a_reader_who_holds_every_lock_it_may_take_stops_no_writer(
    node_of: NodeOf, postgres_url: str
) -> None:
    node = await node_of(postgres_url, node="first")
    async with administrator(postgres_url) as admin:
        role = f"reader_{urlsplit(postgres_url).path.strip('/')}"
        await admin.run(f"CREATE ROLE {role} LOGIN")
        await admin.run(f"GRANT USAGE ON SCHEMA chatlog TO {role}")
        await admin.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA chatlog TO {role}")
        reader = await asyncpg.connect(postgres_url, user=role)
        try:
            await _hold_all(reader)
            async with asyncio.timeout(10):
                ada = InsideClient(node, Record(), "ada")
                await ada.join("general")
                assert (await ada.chat("general", "hello", id="c-1")).type == "ack"
                other = await node_of(postgres_url, node="second")
                bob = InsideClient(other, Record(), "bob")
                await bob.join("general")
        finally:
            await reader.close()
            await admin.run(f"DROP OWNED BY {role}")
            await admin.run(f"DROP ROLE {role}")


async def _hold_all(reader: asyncpg.Connection) -> None:
    for key in KEYS:
        await reader.execute("SELECT pg_advisory_lock($1)", key)
    tables = await reader.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'chatlog'")
    for mode in MODES:
        for (table,) in tables:
            try:
                async with reader.transaction():
                    await reader.execute(f"LOCK TABLE chatlog.{table} IN {mode} MODE")
            except asyncpg.InsufficientPrivilegeError:
                continue
            raise AssertionError(f"a reader may lock {table} in {mode}")
    await reader.execute("BEGIN")
    for (table,) in tables:
        await reader.execute(f"LOCK TABLE chatlog.{table} IN ACCESS SHARE MODE")
