"""Databases: SQLite and PostgreSQL behind one seam, their tables and migrations."""
