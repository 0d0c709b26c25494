"""The protocol's texts and frames, pure: text to commands, events to bytes.

It promises that whatever bytes a client sends become a command or a ``Refused``, and
that an event becomes the same bytes every time. It knows no socket and no clock.
"""
