"""Segments by definition, their sizes, and tags. What was saved before is a list."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)
OBJECT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
ADDED = ("kind", "tree", "owner", "units", "is_archived", "revision", "counted_at", "changed_by", "changed_at")
KINDS = sa.CheckConstraint("kind IN ('list', 'static', 'live')", name="ck_segments_kind")


def upgrade() -> None:
    for column in (
        sa.Column("kind", sa.String(length=64), KINDS, server_default="list", nullable=False),
        sa.Column("tree", OBJECT, nullable=True),
        sa.Column("owner", sa.String(length=200), server_default="", nullable=False),
        sa.Column("units", OBJECT, nullable=True),
        sa.Column("is_archived", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("counted_at", UTC_TIME, nullable=True),
        sa.Column("changed_by", sa.String(length=200), nullable=True),
        sa.Column("changed_at", UTC_TIME, nullable=True),
    ):
        op.add_column("segments", column)
    op.execute("UPDATE segments SET owner = created_by, counted_at = created_at")
    op.create_table(
        "segment_sizes",
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("lake_version", sa.BigInteger(), nullable=False),
        sa.Column("member_count", sa.BigInteger(), nullable=False),
        sa.Column("added_count", sa.BigInteger(), nullable=True),
        sa.Column("left_count", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segments.id"], name="fk_segment_sizes_segment_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("segment_id", "at", name="pk_segment_sizes"),
    )
    op.create_table(
        "segment_moves",
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_added", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segments.id"], name="fk_segment_moves_segment_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("segment_id", "at", "member_id", name="pk_segment_moves"),
    )
    op.create_index("ix_segment_moves_member_id", "segment_moves", ["member_id"], unique=False)
    op.create_table(
        "tags",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("tree", OBJECT, nullable=True),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("units", OBJECT, nullable=True),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("expires_after_days", sa.Integer(), nullable=True),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("lake_version", sa.BigInteger(), nullable=True),
        sa.Column("member_count", sa.BigInteger(), nullable=True),
        sa.Column("counted_at", UTC_TIME, nullable=True),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=True),
        sa.Column("changed_at", UTC_TIME, nullable=True),
        sa.CheckConstraint("kind IN ('static', 'behavioural', 'predicted')", name="ck_tags_kind"),
        sa.CheckConstraint("source IN ('hand', 'import', 'rule', 'model')", name="ck_tags_source"),
        sa.PrimaryKeyConstraint("id", name="pk_tags"),
        sa.UniqueConstraint("name", name="uq_tags_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tag_members",
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("given_by", sa.String(length=200), nullable=False),
        sa.Column("given_at", UTC_TIME, nullable=False),
        sa.Column("expires_at", UTC_TIME, nullable=True),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name="fk_tag_members_tag_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tag_id", "member_id", name="pk_tag_members"),
    )
    op.create_index("ix_tag_members_member_id", "tag_members", ["member_id"], unique=False)
    op.create_index("ix_tag_members_expires_at", "tag_members", ["expires_at"], unique=False)
    op.create_table(
        "tag_writes",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("member_count", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("undoes_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "action IN ('created', 'given', 'taken', 'expired', 'changed', 'archived', 'restored')",
            name="ck_tag_writes_action",
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name="fk_tag_writes_tag_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["undoes_id"], ["tag_writes.id"], name="fk_tag_writes_undoes_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tag_writes"),
        sa.UniqueConstraint("undoes_id", name="uq_tag_writes_undoes_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tag_writes_tag_id", "tag_writes", ["tag_id"], unique=False)
    op.create_table(
        "tag_write_members",
        sa.Column("write_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["write_id"], ["tag_writes.id"], name="fk_tag_write_members_write_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("write_id", "member_id", name="pk_tag_write_members"),
    )
    op.create_index("ix_tag_write_members_member_id", "tag_write_members", ["member_id"], unique=False)


def downgrade() -> None:
    """Segments by definition are lost: before this there were lists only."""
    for table in ("tag_write_members", "tag_writes", "tag_members", "tags", "segment_moves", "segment_sizes"):
        op.drop_table(table)
    op.execute("DELETE FROM segments WHERE kind != 'list'")
    for name in ADDED:
        op.drop_column("segments", name)
