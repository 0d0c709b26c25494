"""A chatlog with one more kind of event, which nothing in ``chatlog`` knows of.

``kind.py`` is all that was written for it; ``python -m tests.support.notes`` is the program.
"""
