"""Questions to the log: who was there, what is in it, is it as it was written.

Everything here only reads, each time in short snapshots, so that a running server is
not held up.
"""
