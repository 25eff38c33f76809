"""What the tests of reading share."""

from __future__ import annotations

from adapters.mail.configuration import Limits
from adapters.mail.reading import Mail, read

OWN = "help@shop.example"
SERVER = "mx.shop.example"


def mail(*headers: str, body: str | bytes = "Hello", limits: Limits | None = None, sender: str = "a@b.example") -> Mail:
    """Reads one made of the headers and the body; From is there unless one of the headers is it."""
    fields = list(headers)
    if not any(field.lower().startswith("from:") for field in fields):
        fields.append(f"From: {sender}")
    data = body if isinstance(body, bytes) else body.encode()
    return of_bytes("\r\n".join(fields).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + data, limits=limits)


def of_bytes(raw: bytes, *, limits: Limits | None = None) -> Mail:
    return read(raw, own_addresses=frozenset({OWN}), authserv_id=SERVER, limits=limits or Limits())


def multipart(*parts: str, kind: str = "mixed") -> Mail:
    body = "".join(f"--frontier\r\n{part}\r\n" for part in parts) + "--frontier--\r\n"
    return mail(f'Content-Type: multipart/{kind}; boundary="frontier"', body=body)
