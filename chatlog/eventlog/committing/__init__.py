"""Commits: gather commands, write a batch of them in one transaction, determine its outcome."""
