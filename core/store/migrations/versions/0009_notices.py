"""Notices: what was said, where it goes, what became of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)
OBJECT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _add_notices()
    _add_targets()
    _add_deliveries()


def downgrade() -> None:
    """What was said and to whom it went is lost."""
    for name in ("notice_deliveries", "notice_targets", "notice_seen", "notice_units", "notices"):
        op.drop_table(name)


def _add_notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("urgency", sa.String(length=64), nullable=False),
        sa.Column("params", OBJECT, nullable=False),
        sa.Column("said_at", UTC_TIME, nullable=False),
        sa.Column("is_addressed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("urgency IN ('low', 'normal', 'high')", name="ck_notices_urgency"),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sa.UniqueConstraint("kind", "key", name="uq_notices_kind_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notices_is_addressed", "notices", ["is_addressed"])
    op.create_table(
        "notice_units",
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name="fk_notice_units_notice_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("notice_id", "unit_id", name="pk_notice_units"),
    )
    op.create_table(
        "notice_seen",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_notice_seen"),
    )


def _add_targets() -> None:
    op.create_table(
        "notice_targets",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("rotated_at", UTC_TIME, nullable=True),
        sa.Column("language", sa.String(length=64), nullable=False),
        sa.Column("least_urgency", sa.String(length=64), nullable=False),
        sa.Column("kinds", OBJECT, nullable=True),
        sa.Column("units", OBJECT, nullable=True),
        sa.Column("most_per_hour", sa.Integer(), nullable=False),
        sa.Column("digest_minutes", sa.Integer(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", UTC_TIME, nullable=True),
        sa.Column("halted", sa.String(length=64), nullable=True),
        sa.CheckConstraint("kind IN ('email', 'webhook', 'robot')", name="ck_notice_targets_kind"),
        sa.CheckConstraint("language IN ('zh', 'en')", name="ck_notice_targets_language"),
        sa.CheckConstraint("least_urgency IN ('low', 'normal', 'high')", name="ck_notice_targets_least_urgency"),
        sa.PrimaryKeyConstraint("id", name="pk_notice_targets"),
        sa.UniqueConstraint("name", name="uq_notice_targets_name"),
        sqlite_autoincrement=True,
    )


def _add_deliveries() -> None:
    op.create_table(
        "notice_deliveries",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=True),
        sa.Column("target_id", sa.Integer(), nullable=True),
        sa.Column("target_name", sa.String(length=200), nullable=False),
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("urgency", sa.String(length=64), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("held_for", sa.String(length=64), nullable=True),
        sa.Column("digest_id", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("next_at", UTC_TIME, nullable=False),
        sa.Column("begun_at", UTC_TIME, nullable=True),
        sa.Column("lease_until", UTC_TIME, nullable=True),
        sa.Column("ended_at", UTC_TIME, nullable=True),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'held', 'joined', 'sending', 'sent', 'failed', 'unknown', 'cancelled')",
            name="ck_notice_deliveries_state",
        ),
        sa.CheckConstraint("urgency IN ('low', 'normal', 'high')", name="ck_notice_deliveries_urgency"),
        sa.CheckConstraint("held_for IN ('digest', 'cap')", name="ck_notice_deliveries_held_for"),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name="fk_notice_deliveries_notice_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["notice_targets.id"], name="fk_notice_deliveries_target_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["digest_id"], ["notice_deliveries.id"], name="fk_notice_deliveries_digest_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_notice_deliveries"),
        sa.UniqueConstraint("notice_id", "target_id", name="uq_notice_deliveries_notice_id_target_id"),
        sa.UniqueConstraint("message_id", name="uq_notice_deliveries_message_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notice_deliveries_target_id_state", "notice_deliveries", ["target_id", "state"])
    op.create_index("ix_notice_deliveries_digest_id", "notice_deliveries", ["digest_id"])
