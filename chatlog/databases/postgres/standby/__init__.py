"""Reads on a standby of PostgreSQL."""
