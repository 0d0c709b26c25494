"""The sessions table: compare it with what the events say, or rebuild it from them."""
