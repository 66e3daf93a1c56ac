"""Runs the migrations on the connection that ``Store.migrate`` has opened and locked."""

from alembic import context

from core.store import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.Base.metadata,
    transactional_ddl=True,
)
context.run_migrations()
