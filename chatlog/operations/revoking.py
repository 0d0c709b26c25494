"""Revoking tokens on behalf of an operator."""

from __future__ import annotations

import time

from chatlog.eventlog.committing.committer import Committer
from chatlog.eventlog.steps.revocations import revoke_subject, revoke_token


class Revoker:
    """Revokes through a committer; every node takes it in within seconds, by polling."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer

    async def revoke(self, *, subject: str | None, token_id: str | None = None) -> float | None:
        """Revoke a subject's tokens issued until now, or one token.

        Returns the time until which tokens are revoked, in Unix seconds; None for one token.
        It is this machine's, as issuers use theirs: the log's may be ahead after an import.
        """
        if subject is not None:
            now = time.time()
            await self._committer.alone(revoke_subject(subject, now))
            return now
        assert token_id is not None
        await self._committer.alone(revoke_token(token_id))
        return None
