"""Webhooks: events of the log, posted to other programs' addresses, at least once and in order.

As the Standard Webhooks specification has it. ``managing`` adds and changes them; ``deliverer``
runs on every node, and the one that holds a webhook delivers its events, each room by a ``lane``
of its own. Nothing here writes events.
"""
