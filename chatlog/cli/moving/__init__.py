"""The commands that move a log, or follow it from outside."""
