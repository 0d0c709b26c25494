"""chatlog: the chat backend you can audit.

Every join, leave and chat is appended to a SQL event log before anyone sees it;
who is present, what a joiner is shown and what an auditor asks are projections of
that log. ``docs/architecture.md`` says how the folders below fit together.
"""

__version__ = "0.1.0"
