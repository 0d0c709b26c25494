"""What the tables have in common: where they are collected, and the types of columns."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

# SQLite gives only INTEGER the rowid; PostgreSQL's integers end at 2^31.
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
# "C" compares bytes, so text times sort as times on PostgreSQL too.
TIME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
