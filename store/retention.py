"""Forgets work that was done long ago. What people said, cases and the audit stay."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, delete

from store import api_answers, mail, sessions, webhooks
from store.schema import inbox, outbox
from store.sql import now

KEPT = timedelta(days=30)  # longer than any channel redelivers: a forgotten event would be taken for a new one


def sweep(connection: Connection) -> None:
    before = now(connection) - KEPT
    connection.execute(delete(inbox).where(inbox.c.status == "done", inbox.c.received_at < before))
    connection.execute(delete(outbox).where(outbox.c.status == "delivered", outbox.c.done_at < before))
    mail.sweep_sent(connection)
    sessions.sweep(connection)
    api_answers.sweep(connection)
    webhooks.sweep(connection)
