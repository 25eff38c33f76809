"""Idempotency-Key: a call that comes again, since its answer was lost, does nothing and gets the same answer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from aiohttp import web

from bot.access.routes import Refused, Visit
from bot.api.calls import Parameter
from bot.api.etags import etag
from store import api_answers
from store.api_answers import Answer, KeyReused
from store.engine import Connection, Database

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
PARAMETER = Parameter(
    name=HEADER,
    place="header",
    schema={"type": "string", "minLength": 1, "maxLength": 255},
    description="New for each call. Sent again within a day, the call does nothing and is answered as before.",
)


async def once(database: Database, visit: Visit, work: Callable[[Connection], Answer]) -> web.Response:
    """Runs `work` in a transaction, together with keeping its answer where the caller sent a key. Raises Refused."""
    key = visit.request.headers.get(HEADER)
    if key is None:
        return _response(await database.write(work))
    if not _KEY.fullmatch(key):
        right = "should be 1 to 255 characters of ASCII without blanks"
        raise Refused(HTTPStatus.BAD_REQUEST, f"{HEADER} {right}.", errors={HEADER: right})
    fingerprint = _fingerprint(visit.request, await visit.request.read())
    remembered = partial(api_answers.once, caller=visit.visitor.id, key=key, fingerprint=fingerprint, work=work)
    try:
        answer, replayed = await database.write(remembered)
    except KeyReused:
        detail = f"This {HEADER} came with another call before: choose a new one."
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, detail) from None
    if answer.status == HTTPStatus.GONE:  # it held what was erased since
        raise Refused(HTTPStatus.GONE, answer.body["detail"], headers={REPLAYED: "true"})
    response = _response(answer)
    if replayed:
        response.headers[REPLAYED] = "true"
    return response


def _fingerprint(request: web.Request, body: bytes) -> str:
    digest = hashlib.sha256()
    for part in (request.method.encode(), request.path_qs.encode(errors="surrogateescape"), body):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _response(answer: Answer) -> web.Response:
    """Of what has a revision, with the ETag as it is after the call."""
    response = web.json_response(answer.body, status=answer.status)
    if isinstance(revision := answer.body.get("revision"), int):
        response.headers["ETag"] = etag(revision)
    return response
