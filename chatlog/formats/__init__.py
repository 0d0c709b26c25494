"""Parse other programs' chat logs, independently of the event log.

Bytes become lines (``encoding``), lines are parsed (one module per dialect), their times become
moments (``clock``), and all of it becomes a story with presence (``story``). ``survey`` reads a
file once before the story is told. Nothing here writes.
"""
