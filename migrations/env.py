"""Alembic's environment: runs the migrations on the connection that chatlog hands over.

``chatlog migrate`` (and ``serve``) call this with a connection that holds the migration
lock; there is no other way in, so that two starts at once cannot collide. Logging is
the caller's: Alembic's stock ``fileConfig`` would silence existing loggers.
"""

from alembic import context

from chatlog.databases.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table="schema_version",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
