"""Queries on the log: presence, contents, verification.

Everything here only reads, in short snapshots, so that it does not hold up a running
server.
"""
