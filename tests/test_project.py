"""The project itself: what a change must not bring along, whoever makes it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pathspec
import pytest
from hatchling.builders.sdist import SdistBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import chatlog

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
MAX_LINES = 300

# In parts, so that this file passes its own check.
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("proxy", "golang", "org"),
    )
)
# `lint-imports` sees who imports a kind of database; a name can be asked for without an import.
ASKS_FOR_DATABASE = re.compile(r"\b(?:dialect|backend)\.name\b|get_backend_name|sqlite_master")
MACHINE_PATH = re.compile(r"(?<![\w./-])/(?:root|home|work|Users)/\w")


def project_files() -> Iterator[tuple[str, str]]:
    """Yield path and text of every text file that git would take."""
    ignored = pathspec.GitIgnoreSpec.from_lines(
        ["/.git", *(ROOT / ".gitignore").read_text("utf-8").splitlines()]
    )
    for name in sorted(ignored.match_tree_files(ROOT, negate=True)):
        try:
            yield name, (ROOT / name).read_text("utf-8")
        except UnicodeDecodeError:
            continue  # a picture


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return dict(project_files())


def test_every_python_file_is_linted(files: dict[str, str]) -> None:
    command = [sys.executable, "-m", "ruff", "check", "--show-files", "."]
    shown = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout
    linted = {Path(line).relative_to(ROOT).as_posix() for line in shown.splitlines()}
    assert not {name for name in files if name.endswith(".py")} - linted


def test_no_file_names_a_package_registry(files: dict[str, str]) -> None:
    found = [(name, host) for name, text in files.items() for host in REGISTRIES if host in text]
    assert not found


def test_no_file_names_a_path_of_somebodys_machine(files: dict[str, str]) -> None:
    found = {name: hit[0] for name, text in files.items() if (hit := MACHINE_PATH.search(text))}
    assert not found


def test_nothing_outside_databases_asks_which_database_it_is(files: dict[str, str]) -> None:
    inside = ("chatlog/databases/", "chatlog/formats/")  # whose dialects are those of IRC logs
    outside = [n for n in files if n.startswith("chatlog/") and not n.startswith(inside)]
    assert not [name for name in outside if ASKS_FOR_DATABASE.search(files[name])]


def test_lock_files_name_no_place_to_download_from(files: dict[str, str]) -> None:
    locks = [name for name in files if name.endswith("package-lock.json")]
    assert locks
    assert not [name for name in locks if '"resolved"' in files[name]]


def test_an_sdist_has_every_file_so_that_it_can_do_what_a_clone_can(files: dict[str, str]) -> None:
    builder = SdistBuilder(str(ROOT))
    found = {Path(file.distribution_path).as_posix() for file in builder.recurse_included_files()}
    always = {"README.md", "LICENSE", "PKG-INFO", "pyproject.toml", ".gitignore"}
    assert set(files) - found - always == set()


def test_no_module_of_chatlog_is_long() -> None:
    lengths = {
        path.relative_to(ROOT): len(path.read_text("utf-8").splitlines())
        for path in (ROOT / "chatlog").rglob("*.py")
    }
    assert {path: lines for path, lines in lengths.items() if lines > MAX_LINES} == {}


def test_the_changelog_tells_of_the_version() -> None:
    heading = re.compile(rf"^## \[?{re.escape(PROJECT['version'])}\b", re.MULTILINE)
    assert heading.search((ROOT / "CHANGELOG.md").read_text("utf-8"))


def test_the_versions_of_the_server_and_its_client_are_one() -> None:
    client = json.loads((ROOT / "web" / "client" / "package.json").read_text("utf-8"))
    assert {client["version"], chatlog.__version__} == {PROJECT["version"]}


def test_a_plain_install_can_serve_every_database() -> None:
    names = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    assert {"aiosqlite", "asyncpg"} <= names


def needed(name: str, extras: frozenset[str], seen: set[tuple[str, str]]) -> None:
    """Add to ``seen`` the pins of all that ``name`` needs here, itself included."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        pytest.fail(f"{name} is needed and not installed: run `make test`")
    pin = (canonicalize_name(name), found.version)
    if pin in seen and not extras:
        return
    seen.add(pin)
    for line in found.requires or ():
        follow(Requirement(line), extras, seen)


def follow(requirement: Requirement, extras: frozenset[str], seen: set[tuple[str, str]]) -> None:
    marker = requirement.marker
    if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
        needed(requirement.name, frozenset(requirement.extras), seen)


def test_every_package_that_is_installed_is_pinned() -> None:
    constraints = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = {
        (canonicalize_name(name), version)
        for name, _, version in (line.partition("==") for line in constraints)
        if version
    }
    wanted: set[tuple[str, str]] = set()
    extras = PROJECT["optional-dependencies"].values()
    for line in (*PROJECT["dependencies"], *(line for extra in extras for line in extra)):
        if not line.startswith(PROJECT["name"]):
            follow(Requirement(line), frozenset(), wanted)
    assert len(wanted) > 40
    # pip is what installs the others; a virtual environment brings its own.
    assert {(name, version) for name, version in wanted if name != "pip"} <= pins
