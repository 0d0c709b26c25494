"""The rules of chat rooms, pure: no clock, no randomness, no database, no socket.

What is needed of those is passed in, so that a simulator with a seed can run the
same rules and every bug it finds can be replayed.
"""
