"""Commands that only read the log."""
