"""What a house writes down about risks: register, drills, readings, situations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)
OBJECT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _add_risks()
    _add_drills()
    _add_readings()
    _add_situations()


def downgrade() -> None:
    """What was written down is lost."""
    for name in ("situation_turns", "risk_readings", "drills", "register_risks"):
        op.drop_table(name)


def _add_risks() -> None:
    op.create_table(
        "register_risks",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("likelihood", sa.Integer(), nullable=False),
        sa.Column("impact", sa.Integer(), nullable=False),
        sa.Column("residual_likelihood", sa.Integer(), nullable=True),
        sa.Column("residual_impact", sa.Integer(), nullable=True),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("treatment", sa.String(length=64), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("rules", OBJECT, nullable=False),
        sa.Column("incidents", OBJECT, nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.CheckConstraint("kind IN ('market', 'operations', 'technical', 'legal')", name="ck_register_risks_kind"),
        sa.CheckConstraint("state IN ('open', 'treated', 'closed')", name="ck_register_risks_state"),
        sa.CheckConstraint(
            "treatment IN ('avoid', 'reduce', 'transfer', 'accept')", name="ck_register_risks_treatment"
        ),
        sa.CheckConstraint(
            "action IN ('added', 'adopted', 'changed', 'reviewed', 'treated', 'closed', 'reopened')",
            name="ck_register_risks_action",
        ),
        sa.CheckConstraint(
            "likelihood BETWEEN 1 AND 5 AND impact BETWEEN 1 AND 5", name="ck_register_risks_level"
        ),
        sa.CheckConstraint(
            "(residual_likelihood IS NULL) = (residual_impact IS NULL)", name="ck_register_risks_residual"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_register_risks"),
        sa.UniqueConstraint("key", "revision", name="uq_register_risks_key_revision"),
        sqlite_autoincrement=True,
    )


def _add_drills() -> None:
    op.create_table(
        "drills",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("repeats_months", sa.Integer(), nullable=True),
        sa.Column("scenario", sa.String(length=200), nullable=False),
        sa.Column("people", OBJECT, nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("went_well", sa.Text(), nullable=False),
        sa.Column("went_badly", sa.Text(), nullable=False),
        sa.Column("minutes", OBJECT, nullable=False),
        sa.Column("actions", OBJECT, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("follows_id", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=True),
        sa.Column("changed_at", UTC_TIME, nullable=True),
        sa.CheckConstraint("state IN ('planned', 'done', 'cancelled')", name="ck_drills_state"),
        sa.CheckConstraint("(state = 'done') = (done_on IS NOT NULL)", name="ck_drills_done"),
        sa.ForeignKeyConstraint(["follows_id"], ["drills.id"], name="fk_drills_follows_id"),
        sa.PrimaryKeyConstraint("id", name="pk_drills"),
        sa.UniqueConstraint("follows_id", name="uq_drills_follows_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_drills_planned_on", "drills", ["planned_on"], unique=False)


def _add_readings() -> None:
    op.create_table(
        "risk_readings",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("is_removed", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.CheckConstraint("source IN ('hand', 'import', 'worker')", name="ck_risk_readings_source"),
        sa.PrimaryKeyConstraint("id", name="pk_risk_readings"),
        sa.UniqueConstraint("kind", "key", "revision", name="uq_risk_readings_kind_key_revision"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_risk_readings_kind_day_on", "risk_readings", ["kind", "day_on"], unique=False)


def _add_situations() -> None:
    op.create_table(
        "situation_turns",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("situation", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_situation_turns"),
        sa.UniqueConstraint("number", name="uq_situation_turns_number"),
        sqlite_autoincrement=True,
    )
