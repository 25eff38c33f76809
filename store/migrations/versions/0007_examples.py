"""Examples: what people decided of fields, to learn from."""
# pyright: basic
# Alembic's operations take columns of any type; strict mode asks for each one's.

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.schema import BigId, Document, UtcDateTime

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "examples",
        sa.Column("id", BigId, sa.Identity(), nullable=False),
        sa.Column("case_number", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=True),
        sa.Column("field", sa.String(64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("value", Document, nullable=True),
        sa.Column("wrong", Document, nullable=True),
        sa.Column("settings_version", sa.Integer(), nullable=True),
        sa.Column("learnt_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name=op.f("fk_examples_case_number")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_examples_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_examples")),
        sa.UniqueConstraint("case_number", "field", name=op.f("uq_examples_case_number_field")),
    )
    op.create_index("ix_examples_field", "examples", ["field", "id"])
