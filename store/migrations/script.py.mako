"""${message}."""
# pyright: basic
# Alembic's operations take columns of any type; strict mode asks for each one's.

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.schema import BigId, Document, UtcDateTime

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
