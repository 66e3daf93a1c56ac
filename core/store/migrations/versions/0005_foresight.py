"""Foresight: the calendar as operators keep it. One pair of functions for each topic."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)
OBJECT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _add_calendar()


def downgrade() -> None:
    """What was forecast, scored and written into the calendar is lost."""
    _drop_calendar()


def _add_calendar() -> None:
    op.create_table(
        "calendar_entries",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("occurs_on", sa.Date(), nullable=True),
        sa.Column("moved_on", sa.Date(), nullable=True),
        sa.Column("rule", OBJECT, nullable=True),
        sa.Column("before_days", sa.Integer(), nullable=True),
        sa.Column("after_days", sa.Integer(), nullable=True),
        sa.Column("is_off", sa.Boolean(), nullable=False),
        sa.Column("is_removed", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.CheckConstraint(
            "kind IN ('event', 'occurrence', 'own', 'campaign', 'closed')", name="ck_calendar_entries_kind"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_entries"),
        sa.UniqueConstraint("key", "revision", name="uq_calendar_entries_key_revision"),
        sqlite_autoincrement=True,
    )


def _drop_calendar() -> None:
    op.drop_table("calendar_entries")
