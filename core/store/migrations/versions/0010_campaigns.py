"""Campaigns, their messages, and how far each way out is used."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)
OBJECT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
CAMPAIGN_STATES = "'draft', 'in_review', 'approved', 'scheduled', 'materialising', 'sending', 'paused', 'completed', 'cancelled', 'failed'"
MESSAGE_STATES = (
    "'planned', 'held', 'reserved', 'sending', 'accepted', 'delivered', 'failed', 'skipped', 'cancelled', 'holdout', 'unknown', 'dead'"
)  # fmt: skip
WAITING, IN_HAND = sa.text("state IN ('planned', 'held')"), sa.text("state IN ('reserved', 'sending')")


def upgrade() -> None:
    _add_campaigns()
    _add_outbox()
    op.create_table(
        "send_rates",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("arrival_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_send_rates"),
    )


def downgrade() -> None:
    """What was sent and to whom is lost."""
    for name in ("send_rates", "outbox", "campaigns"):
        op.drop_table(name)


def _add_campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("state_at", UTC_TIME, nullable=False),
        sa.Column("body", OBJECT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("changed_at", UTC_TIME, nullable=False),
        sa.Column("approved_by", sa.String(length=200), nullable=True),
        sa.Column("approved_at", UTC_TIME, nullable=True),
        sa.Column("starts_at", UTC_TIME, nullable=True),
        sa.Column("expires_at", UTC_TIME, nullable=True),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.CheckConstraint(f"state IN ({CAMPAIGN_STATES})", name="ck_campaigns_state"),
        sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
        sa.UniqueConstraint("code", name="uq_campaigns_code"),
        sqlite_autoincrement=True,
    )


def _add_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("variant", sa.String(length=64), nullable=False),
        sa.Column("identity_key", sa.BigInteger(), nullable=True),
        sa.Column("address_mac", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("planned_at", UTC_TIME, nullable=False),
        sa.Column("due_at", UTC_TIME, nullable=False),
        sa.Column("expires_at", UTC_TIME, nullable=True),
        sa.Column("worker", sa.String(length=200), nullable=True),
        sa.Column("lease_until", UTC_TIME, nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("slot_at", UTC_TIME, nullable=True),
        sa.Column("begun_at", UTC_TIME, nullable=True),
        sa.Column("ended_at", UTC_TIME, nullable=True),
        sa.Column("provider_id", sa.String(length=200), nullable=True),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.CheckConstraint(f"state IN ({MESSAGE_STATES})", name="ck_outbox_state"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_outbox_campaign_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("campaign_id", "step", "member_id", "channel", name="uq_outbox_campaign_id_step_member_id_channel"),
        sa.UniqueConstraint("campaign_id", "step", "channel", "address_mac", name="uq_outbox_campaign_id_step_channel_address_mac"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_outbox_waiting", "outbox", ["channel", "due_at", "id"], sqlite_where=WAITING, postgresql_where=WAITING)
    op.create_index("ix_outbox_in_hand", "outbox", ["lease_until"], sqlite_where=IN_HAND, postgresql_where=IN_HAND)
    op.create_index("ix_outbox_member_id_slot_at", "outbox", ["member_id", "slot_at"])
