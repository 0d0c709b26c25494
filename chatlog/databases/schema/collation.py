"""Order text by code point on either database, as Python does.

SQLite does so by default; PostgreSQL would use the database's collation, and an index of another
collation does not serve the order.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class by_code_point(GenericFunction[str]):  # noqa: N801 - named as it is called
    """The text of a column, to compare and order by."""

    type = sa.Text()
    inherit_cache = True


@compiles(by_code_point)
def _plain(element: by_code_point, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clause_expr.element, **options))


@compiles(by_code_point, "postgresql")
def _collated(element: by_code_point, compiler: Any, **options: Any) -> str:
    return f'{_plain(element, compiler, **options)} COLLATE "C"'
