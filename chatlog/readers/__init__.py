"""Readers: the door that everybody who is shown content passes, and reading in pages."""
