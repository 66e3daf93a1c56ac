"""Texts of campaigns that somebody tries on themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "campaign_trials",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("variant", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("asked_at", UTC_TIME, nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", UTC_TIME, nullable=True),
        sa.Column("begun_at", UTC_TIME, nullable=True),
        sa.Column("ended_at", UTC_TIME, nullable=True),
        sa.Column("provider_id", sa.String(length=200), nullable=True),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'sent', 'refused', 'unknown')", name="ck_campaign_trials_state"
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_campaign_trials_campaign_id"),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_trials"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_campaign_trials_campaign_id_id", "campaign_trials", ["campaign_id", "id"], unique=False)
    op.create_index("ix_campaign_trials_by_asked_at", "campaign_trials", ["by", "asked_at"], unique=False)
    for name, column, where in (("unended", "id", "ended_at IS NULL"), ("provider_id", "provider_id", "provider_id IS NOT NULL")):  # fmt: skip
        op.create_index(
            f"ix_campaign_trials_{name}",
            "campaign_trials",
            [column],
            unique=False,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )


def downgrade() -> None:
    """What was tried is not known any more."""
    op.drop_table("campaign_trials")
