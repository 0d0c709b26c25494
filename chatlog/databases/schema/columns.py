"""What the tables have in common: where they are collected, and the types of columns."""

from __future__ import annotations

import sqlalchemy as sa

from chatlog.domain.errors import LogError

metadata = sa.MetaData()

# SQLite gives only INTEGER the rowid; PostgreSQL's integers end at 2^31.
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
# "C" compares bytes, so text times sort as times on PostgreSQL too.
TIME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def stored_bytes(value: object) -> bytes:
    """Return the value of a column of bytes as it is stored.

    Raises:
        LogError: if it is anything else: SQLite stores any type in any column, and of a number
            ``bytes`` would make as many zeros.
    """
    if not isinstance(value, bytes):
        raise LogError("A hash, commitment or key is damaged: run `chatlog verify` for details.")
    return value
