"""What the server does: take commands, place joiners, dispatch what was committed.

Brings the log, the projections, the wire and delivery together; knows no HTTP.
"""
