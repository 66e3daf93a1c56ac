"""Incidents: what is seen through, with its time line and tasks, and what is paused on its account."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)
OBJECT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
STATES = "state IN ('detect', 'assess', 'respond', 'communicate', 'monitor', 'review', 'closed')"
OPEN = sa.text("state != 'closed' AND merged_into_id IS NULL")
UNDONE = sa.text("done_at IS NULL")
STANDING = sa.text("released_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.String(length=64), nullable=False),
        sa.Column("is_severity_set", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("places", OBJECT, nullable=False),
        sa.Column("units", OBJECT, nullable=True),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("clock", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.String(length=200), nullable=False),
        sa.Column("opened_at", UTC_TIME, nullable=False),
        sa.Column("state_at", UTC_TIME, nullable=False),
        sa.Column("due_at", UTC_TIME, nullable=True),
        sa.Column("target_at", UTC_TIME, nullable=True),
        sa.Column("closed_at", UTC_TIME, nullable=True),
        sa.Column("exit_criteria", sa.Text(), nullable=False),
        sa.Column("exit_met_at", UTC_TIME, nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("lessons", sa.Text(), nullable=False),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(STATES, name="ck_incidents_state"),
        sa.CheckConstraint("severity IN ('low', 'medium', 'high', 'critical')", name="ck_incidents_severity"),
        sa.ForeignKeyConstraint(["merged_into_id"], ["incidents.id"], name="fk_incidents_merged_into_id"),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_incidents_open", "incidents", ["due_at"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_incidents_merged_into_id", "incidents", ["merged_into_id"])
    op.create_table(
        "incident_warnings",
        sa.Column("warning_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_incident_warnings_incident_id"),
        sa.PrimaryKeyConstraint("warning_id", name="pk_incident_warnings"),
    )
    op.create_index("ix_incident_warnings_incident_id", "incident_warnings", ["incident_id"])
    op.create_table(
        "incident_entries",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("details", OBJECT, nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.Column("clock", sa.Integer(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("request", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "kind IN ('opened', 'moved', 'note', 'evidence', 'assigned', 'severity', 'due', 'target', 'criteria', 'met',"
            " 'cause', 'lessons', 'task', 'task_done', 'action', 'waived', 'message', 'linked', 'split', 'merged',"
            " 'escalated', 'task_late')",
            name="ck_incident_entries_kind",
        ),
        sa.CheckConstraint(STATES, name="ck_incident_entries_state"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_incident_entries_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_incident_entries"),
        sa.UniqueConstraint("incident_id", "clock", "level", name="uq_incident_entries_incident_id_clock_level"),
        sa.UniqueConstraint("incident_id", "request", name="uq_incident_entries_incident_id_request"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_incident_entries_incident_id", "incident_entries", ["incident_id"])
    op.create_table(
        "incident_tasks",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("done_by", sa.String(length=200), nullable=True),
        sa.Column("done_at", UTC_TIME, nullable=True),
        sa.Column("late_at", UTC_TIME, nullable=True),
        sa.CheckConstraint("kind IN ('response', 'review')", name="ck_incident_tasks_kind"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_incident_tasks_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_incident_tasks"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_incident_tasks_incident_id", "incident_tasks", ["incident_id"])
    op.create_index("ix_incident_tasks_open", "incident_tasks", ["due_on"], sqlite_where=UNDONE, postgresql_where=UNDONE)
    op.create_table(
        "sending_holds",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.Column("released_by", sa.String(length=200), nullable=True),
        sa.Column("released_at", UTC_TIME, nullable=True),
        sa.Column("released_reason", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('all', 'channel', 'campaign')", name="ck_sending_holds_kind"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_sending_holds_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sending_holds"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sending_holds_incident_id", "sending_holds", ["incident_id"])
    op.create_index(
        "uq_sending_holds_standing", "sending_holds", ["kind", "key", "holder"], unique=True, sqlite_where=STANDING,
        postgresql_where=STANDING,
    )


def downgrade() -> None:
    """What was done about incidents is lost, and nothing is paused any more."""
    for table in ("sending_holds", "incident_tasks", "incident_entries", "incident_warnings", "incidents"):
        op.drop_table(table)
