"""The queue that a case is in."""
# pyright: basic
# Alembic's operations take columns of any type; strict mode asks for each one's.

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("cases", sa.Column("queue", sa.String(length=64), nullable=True))
    op.create_index("ix_cases_queue", "cases", ["queue", "status", "number"], unique=False)
