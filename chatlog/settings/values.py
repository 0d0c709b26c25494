"""Values of settings as the environment and a file write them.

A setting's type follows from its default: a list from a tuple, otherwise a boolean, a number or
text. The environment writes a list with commas or blanks between its items, and a boolean as
``true`` or ``false``, ``yes`` or ``no``, ``on`` or ``off``, ``1`` or ``0``.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import MISSING, Field
from typing import Any, Final

_BOOLEANS: Final = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}
_ON_OFF: Final = ("on", "off")


class WrongValue(ValueError):
    """A setting's value is wrong; ``why`` continues a sentence that begins with its name."""

    def __init__(self, setting: str, why: str) -> None:
        self.setting, self.why = setting, why
        super().__init__(f"{setting} {why}")


def is_list(setting: Field[Any]) -> bool:
    """Return whether a setting takes several values."""
    return isinstance(setting.default, tuple) or bool(setting.metadata.get("several"))


def item_type(setting: Field[Any]) -> type[Any]:
    """Return the type of a setting, or of the items of a list: bool, int, float or str."""
    default = setting.default
    if isinstance(default, tuple):
        return type(default[0]) if default else str
    return str if default is MISSING else type(default)


def parse(setting: Field[Any], value: object) -> Any:
    """Return a value from the environment (text) or from a TOML file as the setting's type.

    Raises:
        WrongValue: saying what is right.
    """
    if not is_list(setting):
        return _parse_item(setting, value)
    items = re.split(r"[,\s]+", value.strip(", \t\n")) if isinstance(value, str) else value
    if not isinstance(items, list):
        raise WrongValue(setting.name, "must be a list.")
    return tuple(_parse_item(setting, item) for item in items if item != "")


def _parse_item(setting: Field[Any], value: object) -> Any:
    choices = setting.metadata.get("choices")
    kind = item_type(setting)
    if kind is bool or choices == _ON_OFF:
        found = value if isinstance(value, bool) else _BOOLEANS.get(str(value).strip().lower())
        if found is None or isinstance(value, float | list | dict):
            raise WrongValue(setting.name, f"must be true or false, not {value!r}.")
        return found if kind is bool else _ON_OFF[not found]
    if choices is not None:
        if value not in choices:
            raise WrongValue(setting.name, f"must be one of {', '.join(choices)}, not {value!r}.")
        return value
    return _number(setting, kind, value) if kind in (int, float) else _text(setting, value)


def _number(setting: Field[Any], kind: type[Any], value: object) -> int | float:
    is_right = isinstance(value, str | int if kind is int else str | int | float)
    if is_right and not isinstance(value, bool):
        with suppress(ValueError, OverflowError):
            number: int | float = kind(value)
            return number
    what = "a whole number" if kind is int else "a number"
    raise WrongValue(setting.name, f"must be {what}, not {value!r}.")


def _text(setting: Field[Any], value: object) -> str:
    if isinstance(value, str):
        return value
    raise WrongValue(setting.name, "must be text in quotation marks.")  # it may be a password
