"""The rules of chat rooms, pure: no clock, no randomness, no database, no socket.

Callers pass in what is needed of these, so that a seeded simulator can run the same rules and
replay every bug that it finds.
"""
