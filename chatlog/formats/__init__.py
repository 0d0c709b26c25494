"""Foreign histories: what other programs' logs say, read without knowing the log.

Bytes become lines (``encoding``), a line becomes what it says (a module a dialect), its
time becomes a moment (``clock``), and all of it a story with presence (``story``).
``survey`` reads a file once before anything is told. Nothing here writes.
"""
