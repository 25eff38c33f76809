"""What an endpoint is sent, and its signature: Standard Webhooks, version 1."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from agent.settings import Settings
from bot.api.audit import AuditRead, described
from bot.api.cases import CaseRead, HiddenFields, shown
from store import audit, cases, webhooks
from store.audit import Entry
from store.engine import Connection
from store.webhooks import SECRET_PREFIX, Delivery, Event

MOST = 256 * 1024  # bytes of a body


class CaseTold(BaseModel):
    """`case`: as it is when this is sent; `changes`: what this tells of it. `shortened`: they were too long to send.

    An endpoint that is not told of internal fields sees none, here and there, and no notes and no queue.
    """

    case: CaseRead
    changes: list[AuditRead]
    shortened: bool = False


class Told(BaseModel):
    """`timestamp`: when it happened."""

    type: Event
    timestamp: datetime
    data: CaseTold


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed:
    """All that it takes to send: the body as it is signed, and by what."""

    url: str
    message_id: str
    body: bytes
    secrets: tuple[str, ...]  # of which any vouches for it

    def headers(self, moment: datetime) -> Mapping[str, str]:
        """`moment`: of this attempt, so that an old one can't be played again."""
        seconds = str(int(moment.timestamp()))
        signed = b".".join([self.message_id.encode(), seconds.encode(), self.body])
        return {
            "Content-Type": "application/json",
            "User-Agent": "Casewright",
            "webhook-id": self.message_id,
            "webhook-timestamp": seconds,
            "webhook-signature": " ".join(_signature(each, signed) for each in self.secrets),
        }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}"


def sealed(connection: Connection, delivery: Delivery, settings: Settings) -> Sealed | None:
    """None where there is nothing in it that the endpoint is told of.

    The case as it is now: an older state never overtakes a newer one.
    """
    endpoint = webhooks.get(connection, delivery.endpoint_id)
    hidden = HiddenFields(settings, internal=endpoint.internal)
    entries = [each for each in audit.of_ids(connection, delivery.entries) if webhooks.is_told(each.change)]
    if not endpoint.internal:
        entries = [each for each in entries if _is_public(each, hidden)]
    if not entries:
        return None
    case = shown(cases.get(connection, delivery.case_number), settings, internal=endpoint.internal)
    told = Told(
        type=delivery.event,
        timestamp=delivery.created_at,
        data=CaseTold(case=case, changes=[described(each) for each in entries]),
    )
    return Sealed(
        url=endpoint.url,
        message_id=delivery.message_id,
        body=_body(told),
        secrets=webhooks.secrets_of(connection, endpoint.id),
    )


def _is_public(entry: Entry, hidden: HiddenFields) -> bool:
    change = entry.change
    if change.what == "note" or (change.what == "queue" and hidden.queue):
        return False
    return change.field is None or change.field not in hidden


def _body(told: Told) -> bytes:
    body = told.model_dump_json().encode()
    if len(body) <= MOST:
        return body
    case = told.data.case.model_copy(update={"fields": {}, "suggestions": []})
    return told.model_copy(update={"data": CaseTold(case=case, changes=[], shortened=True)}).model_dump_json().encode()
