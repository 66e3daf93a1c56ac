"""Runs the migrations on the connection that ``Store.migrate`` has opened and locked."""

from alembic import context

from core.store import campaign_tables, incident_tables, notice_tables, register_tables, risk_tables, tables

DECLARING = (tables, risk_tables, incident_tables, register_tables, notice_tables, campaign_tables)
"""Every module that declares tables."""

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=DECLARING[0].Base.metadata,
    transactional_ddl=True,
)
context.run_migrations()
