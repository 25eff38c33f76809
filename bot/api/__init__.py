"""The REST API under /api/v1, behind `bot.access`: JSON in and out, problem documents (RFC 9457) for what goes wrong.

A call is a `Call` (in `calls.py`): its route and right, and the pydantic models of what it takes and gives, of which
`openapi.py` makes the document at /api/v1/openapi.json. To add one: models and handler in a module named for the thing,
`Call(...)` in its list, the list in `Api`; `tests/bot/console/test_matrix.py` then asks who may.

`body.py` reads JSON into a model, `cursors.py` pages through long lists, `etags.py` lets nobody overwrite what they
have not seen, `idempotency.py` lets a call be sent again.
"""
