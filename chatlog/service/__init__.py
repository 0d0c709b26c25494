"""The server's work: handle commands, place joiners, dispatch committed events.

Combines the log, the projections, the wire and delivery; knows nothing of HTTP.
"""
