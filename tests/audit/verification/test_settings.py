"""Verify looks at settings of PostgreSQL that keep triggers from firing, and is misled by none."""

from __future__ import annotations

import sqlalchemy as sa

from tests.support.damage import change, verdict


def test_a_setting_that_turns_triggers_off_is_found_and_named(postgres_url: str) -> None:
    database = sa.make_url(postgres_url).database
    change(postgres_url, f"ALTER DATABASE {database} SET session_replication_role = 'Replica'")
    found = verdict(postgres_url)
    assert found["looked_at"][-1] == "settings"
    assert "session_replication_role" in found["why"]
    assert "for every role in this database" in found["why"]


def test_triggers_may_be_off_for_roles_that_change_no_event(postgres_url: str) -> None:
    database = sa.make_url(postgres_url).database
    role = f"role_of_{database}"
    change(
        postgres_url,
        f"CREATE ROLE {role}",
        f"ALTER ROLE {role} IN DATABASE {database} SET session_replication_role = replica",
    )
    try:
        verdict(postgres_url, ok=True)
        change(postgres_url, f"GRANT INSERT ON chatlog.events TO {role}")
        assert verdict(postgres_url)["why"].endswith(f"for the role {role} in this database")
    finally:
        change(postgres_url, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def test_a_setting_that_only_says_how_names_are_written_does_no_harm(postgres_url: str) -> None:
    database = sa.make_url(postgres_url).database
    change(postgres_url, f"ALTER DATABASE {database} SET quote_all_identifiers = on")
    verdict(postgres_url, ok=True)
