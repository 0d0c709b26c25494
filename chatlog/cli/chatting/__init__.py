"""``chatlog chat``: a client for people at a terminal."""
