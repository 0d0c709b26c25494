"""WebSockets: the handshake, the frames of a client, and the outlet to it."""
