"""What an example's words are compared by, made once and kept with them."""
# pyright: basic
# Alembic's operations take columns of any type; strict mode asks for each one's.

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("examples", sa.Column("gist", sa.LargeBinary(), nullable=True))
    op.add_column("examples", sa.Column("gist_by", sa.String(length=80), nullable=True))
    op.create_index("ix_examples_latest", "examples", ["gist_by", "id", "learnt_at"])
