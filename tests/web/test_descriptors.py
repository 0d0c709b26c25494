"""No more connections are promised than the limit of open files has room for."""

from __future__ import annotations

import pytest

from chatlog.settings import Settings
from chatlog.web.network.descriptors import needed_by, within


def test_where_there_is_room_nothing_changes() -> None:
    settings = Settings()
    assert within(settings, needed_by(settings)) is settings


@pytest.mark.parametrize("limit", [2, 16, 64, 128, 256, 1_024, 20_000])
def test_fewer_connections_fit_into_a_lower_limit(limit: int) -> None:
    served = within(Settings(), limit)
    assert 1 <= served.max_connections < 20_000
    assert 1 <= served.max_http_connections <= 1_000
    assert served.max_connections + served.max_http_connections <= max(limit, 2)
