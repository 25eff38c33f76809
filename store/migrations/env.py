"""Run by alembic: migrates over the connection that `store.migrations` opened."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from store.schema import BigId, Document, UtcDateTime, metadata


def by_name(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Writes our own column types by their names in a new migration."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "UtcDateTime"
    return "BigId" if item is BigId else "Document" if item is Document else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
    render_item=by_name,
)
with context.begin_transaction():
    context.run_migrations()
