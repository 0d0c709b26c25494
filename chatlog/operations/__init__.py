"""Operators' jobs, carried out by the server that holds the log, or without one."""
