"""Warnings: rules that the house changed, what they raised, verdicts, and when it was looked."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)
OBJECT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "risk_rules",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", OBJECT, nullable=False),
        sa.Column("is_removed", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_risk_rules"),
        sa.UniqueConstraint("key", "revision", name="uq_risk_rules_key_revision"),
        sqlite_autoincrement=True,
    )
    _add_warnings()
    op.create_table(
        "risk_verdicts",
        sa.Column("warning_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("verdict", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.CheckConstraint("verdict IN ('true', 'false', 'unclear')", name="ck_risk_verdicts_verdict"),
        sa.ForeignKeyConstraint(
            ["warning_id"], ["risk_warnings.id"], name="fk_risk_verdicts_warning_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("warning_id", "by", name="pk_risk_verdicts"),
    )
    op.create_table(
        "risk_evaluations",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.Column("lake_id", sa.String(length=200), nullable=False),
        sa.Column("lake_version", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("rule_count", "line_count", "raised_count", "closed_count")
        ),
        sa.Column("failed", OBJECT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_risk_evaluations"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """What was warned of, and what people said of it, is lost."""
    for name in ("risk_evaluations", "risk_verdicts", "risk_warnings", "risk_rules"):
        op.drop_table(name)


def _add_warnings() -> None:
    op.create_table(
        "risk_warnings",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("rule_key", sa.String(length=64), nullable=False),
        sa.Column("rule_revision", sa.Integer(), nullable=False),
        sa.Column("indicator", sa.String(length=200), nullable=False),
        sa.Column("place_by", sa.String(length=64), nullable=False),
        sa.Column("place_key", sa.String(length=200), nullable=False),
        sa.Column("place_name", sa.String(length=200), nullable=False),
        sa.Column("unit_id", sa.String(length=200), nullable=True),
        *(sa.Column(name, sa.Date(), nullable=False) for name in ("started_on", "last_on", "peak_on")),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("raised_at", UTC_TIME, nullable=False),
        *(sa.Column(name, sa.Double(), nullable=True) for name in ("value", "expected", "limit")),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("details", OBJECT, nullable=True),
        sa.Column("likelihood", sa.Integer(), nullable=False),
        sa.Column("impact", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("closed_how", sa.String(length=64), nullable=True),
        sa.Column("closed_by", sa.String(length=200), nullable=True),
        sa.Column("closed_at", UTC_TIME, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("snoozed_until", UTC_TIME, nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('figure', 'missing', 'failing', 'late')", name="ck_risk_warnings_kind"),
        sa.CheckConstraint("state IN ('open', 'closed', 'merged')", name="ck_risk_warnings_state"),
        sa.CheckConstraint("closed_how IN ('recovered', 'gone', 'by_hand')", name="ck_risk_warnings_closed_how"),
        sa.ForeignKeyConstraint(["merged_into_id"], ["risk_warnings.id"], name="fk_risk_warnings_merged_into_id"),
        sa.PrimaryKeyConstraint("id", name="pk_risk_warnings"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_risk_warnings_episode",
        "risk_warnings",
        ["rule_key", "indicator", "place_by", "place_key", "started_on"],
        unique=True,
        sqlite_where=sa.text("NOT is_test"),
        postgresql_where=sa.text("NOT is_test"),
    )
    op.create_index("ix_risk_warnings_state", "risk_warnings", ["state"], unique=False)
    op.create_index("ix_risk_warnings_merged_into_id", "risk_warnings", ["merged_into_id"], unique=False)
