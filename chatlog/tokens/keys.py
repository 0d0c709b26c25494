"""All keys of the settings, and which of them may have signed a token.

A token with a key id (``kid``) is checked with the keys of that id; where no key has it, with
those of its algorithm that have no id at all (a secret, PEM). A token without one is checked
with all keys of its algorithm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from chatlog.domain.errors import LogError
from chatlog.settings import Settings
from chatlog.tokens.file_keys import FileKeys, read_secret
from chatlog.tokens.key import PUBLIC, Key
from chatlog.tokens.provider_keys import ProviderKeys


class Keys:
    """The keys of up to three sources."""

    def __init__(
        self,
        secret: Key | None = None,
        file: FileKeys | None = None,
        provider: ProviderKeys | None = None,
    ) -> None:
        self._secret = secret
        self._file = file
        self._provider = provider

    @property
    def is_ready(self) -> bool:
        """Whether tokens can be checked: False until the provider has answered once."""
        return self._provider is None or self._provider.is_ready

    @property
    def generation(self) -> int:
        """A number that grows whenever keys change."""
        return sum(source.generation for source in (self._file, self._provider) if source)

    async def run(self) -> None:
        """Keep the keys up to date, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for source in (self._file, self._provider):
                if source is not None:
                    tasks.create_task(source.run())

    async def fitting(self, algorithm: str, kid: str | None) -> tuple[Key, ...]:
        """Return the keys that may have signed a token; may wait for a fetch, 5 s at most."""
        if kid is None:
            return tuple(key for key in self._all() if key.algorithm == algorithm)
        if not self._knows(kid) and self._provider is not None and algorithm in PUBLIC:
            await self._provider.ask()
        wanted = kid if self._knows(kid) else None
        return tuple(k for k in self._all() if k.kid == wanted and k.algorithm == algorithm)

    def _knows(self, kid: str) -> bool:
        return any(key.kid == kid for key in self._all())

    def _all(self) -> Iterator[Key]:
        if self._secret is not None:
            yield self._secret
        for source in (self._file, self._provider):
            if source is not None:
                yield from source.keys


def has_keys(settings: Settings) -> bool:
    """Return whether the settings name any source of keys."""
    return bool(settings.token_secret_file or settings.token_keys or settings.token_keys_url)


def load_keys(settings: Settings) -> Keys:
    """Read the files of keys; a provider is asked by ``run``. Blocks: call it before serving.

    Raises:
        LogError: if the settings name no key, or a file cannot be used.
    """
    if not has_keys(settings):
        raise LogError(
            "--auth token needs a key: give --token-secret-file, --token-keys or --token-keys-url."
        )
    return Keys(
        read_secret(settings.token_secret_file) if settings.token_secret_file else None,
        FileKeys(settings.token_keys) if settings.token_keys else None,
        ProviderKeys(settings.token_keys_url) if settings.token_keys_url else None,
    )
