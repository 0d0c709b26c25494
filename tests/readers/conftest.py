"""These tests begin with a log that is migrated already."""

from tests.support.templates import sqlite_url, template

__all__ = ["sqlite_url", "template"]
