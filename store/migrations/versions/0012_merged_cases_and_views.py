"""Where a merged case went, and the views of the lists that people saved."""
# pyright: basic
# Alembic's operations take columns of any type; strict mode asks for each one's.

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.schema import BigId

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("cases", sa.Column("merged_into", BigId, nullable=True))
    op.create_table(
        "saved_views",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("account_id", BigId, nullable=False),
        sa.Column("list", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_saved_views_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("account_id", "list", "name", name=op.f("uq_saved_views_account_id_list_name")),
    )
