"""Counted nouns in sentences for people: ``0 events``, ``1 event``, ``2 events``."""


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return the count and its noun; ``plural`` is for nouns that do not just add an s."""
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"
