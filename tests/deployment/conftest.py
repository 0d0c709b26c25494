"""Real servers behind what docs/operations.md says of services, proxies and containers."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from tests.flows.conftest import pytest_runtest_makereport, serve

__all__ = ["pytest_runtest_makereport", "serve"]


@pytest.fixture
def program() -> Callable[[str], str]:
    """``program("nginx")`` is its path; without it the test is skipped by name."""

    def find(name: str) -> str:
        path = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
        if path is None:
            pytest.skip(f"{name} is not installed")
        return path

    return find
