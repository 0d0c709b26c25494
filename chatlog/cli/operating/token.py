"""``chatlog token``: create tokens for people and programs, and revoke them."""

from __future__ import annotations

import re
import secrets
import time
from typing import Final

import click

from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import database_option, run
from chatlog.domain.errors import Refused
from chatlog.domain.identity import SCOPES, Identity, check_identity
from chatlog.domain.names import STORED_LIMITS
from chatlog.operations.delegation import carry_out

_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DURATION: Final = re.compile(r"([1-9][0-9]{0,8})([smhd])")
_MAX_DAYS: Final = 3_650
_TOKEN_ID_BYTES: Final = 16


class _Duration(click.ParamType[int]):
    """A number and a unit, as seconds."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        found = _DURATION.fullmatch(str(value))
        seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
        if not 0 < seconds <= _MAX_DAYS * _SECONDS["d"]:
            self.fail(f"Give a time like 30m, 8h or 7d, up to {_MAX_DAYS}d.", param, ctx)
        return seconds


@click.group()
def token() -> None:
    """Create and revoke tokens for a server that runs with --auth token."""


@token.command()
@click.option("--sub", required=True, help="Subject: who it is, for ever.")
@click.option("--name", help="Username shown. By default the present one, or else the subject.")
@click.option("--scope", multiple=True, help="Scope: admin or audit (repeatable).")
@click.option(
    "--room", "rooms", metavar="ROOM=ROLE", multiple=True, help="Role in a room (repeatable)."
)
@click.option(
    "--expires",
    type=_Duration(),
    metavar="TIME",
    default="8h",
    show_default=True,
    help="Lifetime: a number and s, m, h or d.",
)
@click.option("--audience", default="", help="Audience, if the server has --token-audience.")
@click.option("--issuer", default="", help="Issuer, if the server has --token-issuer.")
@click.option(
    "--token-secret-file", metavar="FILE", required=True, help="File with the server's secret."
)
@click.option("--link", metavar="URL", help="Print this address with the token in its fragment.")
@failures_are_sentences
def create(
    sub: str,
    name: str | None,
    scope: tuple[str, ...],
    rooms: tuple[str, ...],
    expires: int,
    audience: str,
    issuer: str,
    token_secret_file: str,
    link: str | None,
) -> None:
    """Print a token. Whoever has it is its subject until it expires."""
    from chatlog.tokens.create import create_token
    from chatlog.tokens.file_keys import read_secret

    now = time.time()
    identity = Identity(
        sub,
        name,
        frozenset(_scope(scope)),
        _roles(rooms),
        expires_at=int(now) + expires,
        # With a fraction: a token made right after a revocation is not covered by it.
        issued_at=round(now, 6),
        token_id=secrets.token_urlsafe(_TOKEN_ID_BYTES),
    )
    _check(identity)
    secret = read_secret(token_secret_file)
    created = create_token(identity, secret, audience=audience, issuer=issuer)
    output.say(created if link is None else f"{_address(link)}#token={created}")


@token.command()
@click.option("--sub", help="Revoke all tokens of this subject that were issued until now.")
@click.option("--jti", metavar="ID", help="Revoke the token with this id.")
@database_option
@failures_are_sentences
def revoke(sub: str | None, jti: str | None, database: str) -> None:
    """Revoke tokens; servers close their connections within 5 seconds."""
    if (sub is None) == (jti is None):
        raise click.UsageError("Give either --sub or --jti.")
    run(carry_out(database, "revoke", {"sub": sub, "jti": jti}))
    what = "The token is" if sub is None else "All tokens of this subject issued until now are"
    output.say(f"{what} revoked.")


def _scope(given: tuple[str, ...]) -> list[str]:
    words = " ".join(given).split()
    if unknown := sorted(set(words) - SCOPES):
        raise click.UsageError(f"--scope {unknown[0]} is unknown: give admin or audit.")
    return words


def _roles(given: tuple[str, ...]) -> dict[str, str]:
    roles = {}
    for pair in given:
        room, equals, role = pair.rpartition("=")
        if not equals:
            raise click.UsageError(f"--room {pair} has no role: give ROOM=ROLE.")
        roles[room] = role
    return roles


def _check(identity: Identity) -> None:
    try:
        check_identity(identity, STORED_LIMITS)
    except Refused as refused:
        raise click.UsageError(refused.sentence) from None


def _address(link: str) -> str:
    if not link.startswith(("http://", "https://")) or "#" in link:
        raise click.UsageError("--link must be an http or https address without a fragment.")
    return link
