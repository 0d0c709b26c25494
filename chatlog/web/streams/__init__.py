"""Server-sent events: whoever reads a stream is present in its room, and sends nothing."""
