"""Settings from the environment and from a TOML file, each with the name of its source.

The order of precedence is ``CHATLOG_…``, then ``DATABASE_URL`` and ``PORT``, then the file; the
command line puts its flags before them. An empty variable counts as not set. Names and types
come from the fields of ``Settings``. Nothing here quotes what may be a password.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import Field, dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from chatlog.settings import Settings
from chatlog.settings.values import WrongValue, parse

PREFIX: Final = "CHATLOG_"
CONFIG: Final = "CHATLOG_CONFIG"
"""The variable that names the file, like ``--config``."""
OF_CHAT: Final = "CHATLOG_TOKEN"
"""The token of whoever runs ``chatlog chat``; no setting."""

_COMMON: Final = {"DATABASE_URL": "database", "PORT": "port"}
"""Variables that hosting companies set."""

_OF_KUBERNETES: Final = ("CHATLOG_PORT_", "CHATLOG_SERVICE_")
"""What Kubernetes sets for a Service called chatlog, beside ``CHATLOG_PORT=tcp://…``."""

_ADDRESS: Final = re.compile(r"(tcp|udp|sctp)://")


class BadSource(ValueError):
    """A file cannot be used, or has a key that is no setting."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value as it was written, and the name of its source: ``CHATLOG_PORT``."""

    value: object
    source: str

    def parsed(self, name: str) -> Any:
        """Return the value as the type of its setting.

        Raises:
            WrongValue: beginning with the name of the source.
        """
        try:
            return parse(_SETTINGS[name], self.value)
        except WrongValue as wrong:
            raise WrongValue(self.source, wrong.why) from None


_SETTINGS: Final[Mapping[str, Field[Any]]] = {setting.name: setting for setting in fields(Settings)}


def given_settings(environ: Mapping[str, str], config: str | None = None) -> dict[str, Given]:
    """Return what the environment and a file set, by the name of the setting.

    ``config`` is the file's path; without it, ``CHATLOG_CONFIG`` names the file, if there is one.

    Raises:
        BadSource: if the file is not TOML or has an unknown key.
        OSError: if it cannot be read.
    """
    path = config or environ.get(CONFIG)
    return {**(_of_file(Path(path)) if path else {}), **dict(_of_environment(environ))}


def unknown_variables(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each ``CHATLOG_…`` variable that is no setting, and a sentence about it."""
    known = {PREFIX + name.upper() for name in _SETTINGS} | {CONFIG, OF_CHAT}
    for variable in sorted(environ):
        is_ours = variable.startswith(PREFIX) and not variable.startswith(_OF_KUBERNETES)
        if is_ours and variable not in known:
            near = _like(variable, known)
            yield variable, f"{variable} is ignored: there is no such setting.{near}"


def _of_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, Given]]:
    ours = {PREFIX + name.upper(): name for name in _SETTINGS}
    for variable, name in (*_COMMON.items(), *ours.items()):
        value = environ.get(variable, "").strip()
        if value and not (name == "port" and _ADDRESS.match(value)):
            yield name, Given(value, variable)


def _of_file(path: Path) -> dict[str, Given]:
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except UnicodeDecodeError:
        raise BadSource(f"{path} is not UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise BadSource(f"{path} is not TOML: {error}.") from None
    given: dict[str, Given] = {}
    for key, value in found.items():
        name = key.replace("-", "_")
        if name not in _SETTINGS:
            raise BadSource(f"{path}: there is no setting {key!r}.{_like(name, _SETTINGS)}")
        if name in given:
            raise BadSource(f"{path}: {name} is set twice.")
        given[name] = Given(value, f"{path}: {key}")
    return given


def _like(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f" Did you mean {near[0]}?" if near else ""
