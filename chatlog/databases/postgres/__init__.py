"""PostgreSQL: several nodes on one log."""
