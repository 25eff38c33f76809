"""A webhook's secret of before stays valid for a while beside its new one."""
# pyright: basic
# Alembic's operations take columns of any type; strict mode asks for each one's.

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.schema import UtcDateTime

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("webhook_endpoints", sa.Column("old_secret", sa.Text(), nullable=True))
    op.add_column("webhook_endpoints", sa.Column("old_secret_until", UtcDateTime(), nullable=True))
