"""The protocol's texts and frames, pure: text to commands, events to bytes.

Promises: any bytes that a client sends become a command or a ``Refused``, and an event always
becomes the same bytes. Uses no socket and no clock.
"""
