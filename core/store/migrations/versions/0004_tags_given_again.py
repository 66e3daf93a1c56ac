"""Changes of tags also name who had the tag already."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "tag_write_members", sa.Column("is_again", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    op.execute("DELETE FROM tag_write_members WHERE is_again")
    op.drop_column("tag_write_members", "is_again")
