"""Notices to employees through the house's own app in WeCom."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _kinds("kind IN ('email', 'webhook', 'robot', 'app')")


def downgrade() -> None:
    """Targets of that kind are lost, with what waited for them."""
    op.execute(sa.table("notice_targets", sa.column("kind")).delete().where(sa.column("kind") == "app"))
    _kinds("kind IN ('email', 'webhook', 'robot')")


def _kinds(check: str) -> None:
    with op.batch_alter_table("notice_targets", table_kwargs={"sqlite_autoincrement": True}) as targets:
        targets.drop_constraint("ck_notice_targets_kind", type_="check")
        targets.create_check_constraint("ck_notice_targets_kind", check)
