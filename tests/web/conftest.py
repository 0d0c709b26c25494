"""These tests begin with a log that is migrated already, or with a server of their own."""

from tests.support.served import server
from tests.support.templates import sqlite_url, template

__all__ = ["server", "sqlite_url", "template"]
