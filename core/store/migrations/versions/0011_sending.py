"""What sending needs besides the outbox: ways out that were set up, what became of messages, who is not written to, and what platforms told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)
OBJECT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("units", OBJECT, nullable=True))
    op.add_column("campaigns", sa.Column("launched", OBJECT, nullable=True))
    op.add_column("campaigns", sa.Column("approved_count", sa.Integer(), nullable=True))
    op.add_column("outbox", sa.Column("place", sa.String(length=64), nullable=True))
    op.add_column("outbox", sa.Column("tried_at", UTC_TIME, nullable=True))
    _wait_by(["campaign_id", "channel", "due_at", "id"])
    _add_campaign_errors()
    _add_indexes()
    _add_connectors()
    _add_suppressions()
    _add_campaign_entries()
    _add_campaign_links()
    _add_inbound()
    _add_mass_tasks()
    _add_subscription_grants()
    _add_clicks()
    _add_mass_employees()
    _add_message_marks()
    _tell_batches_of_fields()


def downgrade() -> None:
    """What became of messages, and who is not to be written to, is lost."""
    op.drop_table("profile_fields")
    _add_fields()
    for name in (
        "message_marks",
        "mass_employees",
        "clicks",
        "subscription_grants",
        "mass_tasks",
        "inbound",
        "campaign_links",
        "campaign_entries",
        "suppressions",
        "connectors",
        "campaign_errors",
    ):
        op.drop_table(name)
    _wait_by(["channel", "due_at", "id"])
    for name in ("ix_outbox_undecided", "ix_outbox_provider_id", "ix_outbox_identity_key"):
        op.drop_index(name, "outbox")
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_column("tried_at")
        outbox.drop_column("place")
    with op.batch_alter_table("campaigns") as campaigns:
        campaigns.drop_column("approved_count")
        campaigns.drop_column("launched")
        campaigns.drop_column("units")


def _wait_by(columns: list[str]) -> None:
    """Messages that wait are looked for by these columns."""
    waiting = sa.text("state IN ('planned', 'held')")
    op.drop_index("ix_outbox_waiting", table_name="outbox")
    op.create_index("ix_outbox_waiting", "outbox", columns, sqlite_where=waiting, postgresql_where=waiting)


def _add_campaign_errors() -> None:
    op.create_table(
        "campaign_errors",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("since", UTC_TIME, nullable=False),
        sa.Column("ended", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("in_row", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_campaign_errors_campaign_id"),
        sa.PrimaryKeyConstraint("campaign_id", name="pk_campaign_errors"),
    )


def _add_indexes() -> None:
    undecided = sa.text("state IN ('unknown', 'dead')")
    op.create_index("ix_outbox_undecided", "outbox", ["campaign_id"], sqlite_where=undecided, postgresql_where=undecided)
    for column, where in (("provider_id", "provider_id IS NOT NULL"), ("identity_key", "slot_at IS NOT NULL")):
        op.create_index(
            f"ix_outbox_{column}",
            "outbox",
            [column],
            unique=False,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )


def _add_connectors() -> None:
    op.create_table(
        "connectors",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("settings", OBJECT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.Column("halted", sa.String(length=64), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", UTC_TIME, nullable=True),
        sa.Column("tested_at", UTC_TIME, nullable=True),
        sa.Column("test_error", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "kind IN ('wecom', 'robot', 'official_account', 'mini_program', 'aliyun_sms', 'tencent_sms', 'email', 'webhook', 'console')",
            name="ck_connectors_kind",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_connectors"),
        sa.UniqueConstraint("name", name="uq_connectors_name"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_connectors_in_use",
        "connectors",
        ["channel"],
        unique=True,
        sqlite_where=sa.text("is_on AND kind <> 'robot'"),
        postgresql_where=sa.text("is_on AND kind <> 'robot'"),
    )


def _add_suppressions() -> None:
    op.create_table(
        "suppressions",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=True),
        sa.Column("purpose", sa.String(length=64), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("address_mac", sa.LargeBinary(), nullable=True),
        sa.Column("message_id", LONG, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.Column("lifted_by", sa.String(length=200), nullable=True),
        sa.Column("lifted_at", UTC_TIME, nullable=True),
        sa.Column("lifted_reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('unsubscribed', 'bounced', 'complained', 'blocked', 'invalid', 'manual')",
            name="ck_suppressions_kind",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_suppressions"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_suppressions_address_mac", "suppressions", ["address_mac"], unique=False)
    op.create_index("ix_suppressions_member_id", "suppressions", ["member_id"], unique=False)
    op.create_index(
        "uq_suppressions_standing",
        "suppressions",
        ["key"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )


def _add_campaign_entries() -> None:
    op.create_table(
        "campaign_entries",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("details", OBJECT, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_campaign_entries_campaign_id"),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_entries"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_campaign_entries_campaign_id_id", "campaign_entries", ["campaign_id", "id"], unique=False)


def _add_campaign_links() -> None:
    op.create_table(
        "campaign_links",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_campaign_links_campaign_id"),
        sa.PrimaryKeyConstraint("campaign_id", "number", name="pk_campaign_links"),
    )


def _add_inbound() -> None:
    op.create_table(
        "inbound",
        sa.Column("id", LONG, autoincrement=True, nullable=False),
        sa.Column("connector_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("handled_at", UTC_TIME, nullable=True),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["connector_id"], ["connectors.id"], name="fk_inbound_connector_id"),
        sa.PrimaryKeyConstraint("id", name="pk_inbound"),
        sa.UniqueConstraint("connector_id", "key", name="uq_inbound_connector_id_key"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_inbound_waiting",
        "inbound",
        ["id"],
        unique=False,
        sqlite_where=sa.text("handled_at IS NULL"),
        postgresql_where=sa.text("handled_at IS NULL"),
    )


def _add_mass_tasks() -> None:
    op.create_table(
        "mass_tasks",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("connector_id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("msgid", sa.String(length=200), nullable=False),
        sa.Column("asked_at", UTC_TIME, nullable=False),
        sa.Column("next_look_at", UTC_TIME, nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("reminded", OBJECT, nullable=False),
        sa.Column("remind_by", sa.String(length=200), nullable=True),
        sa.Column("ended_at", UTC_TIME, nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_mass_tasks_campaign_id"),
        sa.ForeignKeyConstraint(["connector_id"], ["connectors.id"], name="fk_mass_tasks_connector_id"),
        sa.PrimaryKeyConstraint("id", name="pk_mass_tasks"),
        sa.UniqueConstraint("connector_id", "msgid", name="uq_mass_tasks_connector_id_msgid"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mass_tasks_campaign_id", "mass_tasks", ["campaign_id"], unique=False)


def _add_subscription_grants() -> None:
    op.create_table(
        "subscription_grants",
        sa.Column("connector_id", sa.Integer(), nullable=False),
        sa.Column("identity_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("template_id", sa.String(length=64), nullable=False),
        sa.Column("grants", sa.Integer(), nullable=False),
        sa.Column("changed_at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(["connector_id"], ["connectors.id"], name="fk_subscription_grants_connector_id"),
        sa.PrimaryKeyConstraint("connector_id", "identity_key", "template_id", name="pk_subscription_grants"),
    )


def _add_clicks() -> None:
    op.create_table(
        "clicks",
        sa.Column("message_id", LONG, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("first_at", UTC_TIME, nullable=False),
        sa.Column("last_at", UTC_TIME, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("machine_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["outbox.id"], name="fk_clicks_message_id"),
        sa.PrimaryKeyConstraint("message_id", "number", name="pk_clicks"),
    )
    op.create_index("ix_clicks_campaign_id", "clicks", ["campaign_id"], unique=False)


def _add_mass_employees() -> None:
    op.create_table(
        "mass_employees",
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("userid", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("sent_at", UTC_TIME, nullable=True),
        sa.Column("recipient_count", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'untold')", name="ck_mass_employees_state"),
        sa.ForeignKeyConstraint(["task_id"], ["mass_tasks.id"], name="fk_mass_employees_task_id"),
        sa.PrimaryKeyConstraint("task_id", "userid", name="pk_mass_employees"),
    )


def _add_message_marks() -> None:
    op.create_table(
        "message_marks",
        sa.Column("id", LONG, autoincrement=True, nullable=False),
        sa.Column("message_id", LONG, nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "mark IN ('sent', 'delivered', 'opened', 'clicked', 'replied', 'failed', 'unsubscribed', 'complained', 'left')",
            name="ck_message_marks_mark",
        ),
        sa.ForeignKeyConstraint(["message_id"], ["outbox.id"], name="fk_message_marks_message_id"),
        sa.PrimaryKeyConstraint("id", name="pk_message_marks"),
        sa.UniqueConstraint("message_id", "mark", name="uq_message_marks_message_id_mark"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_message_marks_campaign_id_mark", "message_marks", ["campaign_id", "mark"], unique=False)
    op.create_index(
        "ix_message_marks_untold",
        "message_marks",
        ["id"],
        unique=False,
        sqlite_where=sa.text("NOT is_told"),
        postgresql_where=sa.text("NOT is_told"),
    )


def _tell_batches_of_fields() -> None:
    """Nothing wrote personal fields before, so there are none to keep."""
    op.drop_table("profile_fields")
    _add_fields(sa.Column("batch_id", sa.Integer(), autoincrement=False, nullable=False))
    op.create_index("ix_profile_fields_batch_id", "profile_fields", ["batch_id"], unique=False)


def _add_fields(*more: sa.Column[int]) -> None:
    op.create_table(
        "profile_fields",
        sa.Column("identity_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        *more,
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("identity_key", "field", *(column.name for column in more), name="pk_profile_fields"),
    )
