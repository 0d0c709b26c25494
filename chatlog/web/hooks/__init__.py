"""Hooks: programs post what they send to Slack or Mattermost, each to an address of its own."""

from chatlog.web.hooks.serve import add_hooks

__all__ = ["add_hooks"]
