"""Clusters for tests: real processes, ended after the test, whose words a failure shows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import SERVERS, pytest_runtest_makereport

from .cluster import Cluster, cluster_of

__all__ = ["pytest_runtest_makereport"]

ClusterOf = Callable[..., AbstractAsyncContextManager[Cluster]]


@pytest.fixture
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> ClusterOf:
    """``async with cluster("poll") as c:`` runs three servers."""
    servers = request.node.stash.setdefault(SERVERS, [])

    def run(bell: str, **options: Any) -> AbstractAsyncContextManager[Cluster]:
        return cluster_of(tmp_path, bell, seen=servers, **options)

    return run
