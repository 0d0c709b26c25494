"""Who this client is: a name, or what a token says.

Each connection begins with the newest token that its source has; a token that ends soon is renewed
on the open connection; a token that was refused is replaced once. Tokens go into ``auth`` commands
and nowhere else: not into errors, logs or addresses.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

Token = str | Callable[[], str | Awaitable[str | None] | None]
"""A token, or a function or coroutine function that returns the newest one, or None."""


class Credentials:
    """In open mode only a ``username``; with a token, or signed in by headers, the server's."""

    def __init__(self, username: str | None, token: Token | None) -> None:
        self.is_open_mode = username is not None
        self.username = username or ""
        self.names = {self.username}
        """Every name it has had: events keep the one that held when they happened."""
        self.fault: str | None = None
        """Why the last token was refused."""
        self._token = token
        self._sent: str | None = None
        self._has_tried_another = False

    @property
    def has_token(self) -> bool:
        """Whether there is a source of tokens."""
        return self._token is not None

    async def newest(self) -> str | None:
        """Return the newest token."""
        if self._token is None or isinstance(self._token, str):
            return self._token
        found = self._token()
        return await found if inspect.isawaitable(found) else found

    async def other(self) -> str | None:
        """Return the newest token, unless it is the one in use."""
        token = await self.newest()
        return None if token == self._sent else token

    async def may_try_another(self) -> bool:
        """Return whether a refused token can be replaced: by another one, and once."""
        self._has_tried_another = not self._has_tried_another and await self.other() is not None
        return self._has_tried_another

    def sent(self, token: str) -> None:
        """Remember the token in use."""
        self._sent = token

    def accepted(self, username: str) -> None:
        """Take the name that the server knows this client by."""
        self._has_tried_another = False
        self.fault = None
        self.username = username
        self.names.add(username)
