"""Import files into one room, and look at what is in it."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import chatlog, lines

ROOM = ("--room", "#room")


def events(database: str) -> list[dict[str, str]]:
    return lines("history", "#room", "--limit", 100_000, "--database", database)


def chats(database: str) -> list[tuple[str, str, str]]:
    return [
        (event["at"][:16], event["username"], event["message"])
        for event in events(database)
        if event["type"] == "chat"
    ]


def heads(database: str) -> list[int]:
    return [room["head"] for room in lines("rooms", "--database", database)]


def take(file: Path, database: str, *flags: str) -> str:
    return chatlog("import", file, *ROOM, *flags, "--database", database).stdout
