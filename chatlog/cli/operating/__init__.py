"""Commands that run a server or change the log."""
