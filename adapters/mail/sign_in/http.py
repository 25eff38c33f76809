"""What msal asks over. Its own choice, requests, would trust REQUESTS_CA_BUNDLE rather than what is configured."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from http.client import HTTPResponse
from typing import cast
from urllib.parse import urlencode
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler, Request

LARGEST = 1 << 20  # bytes of an answer that are read


class Response:
    def __init__(self, status_code: int, headers: Mapping[str, str], text: str) -> None:
        self.status_code = status_code
        self.headers = headers
        self.text = text


class Http:
    """Blocks. Follows no redirection: secrets are for the configured address alone. Raises OSError, HTTPException."""

    def __init__(self, context: ssl.SSLContext, timeout: float) -> None:
        self._opener = OpenerDirector()
        for handler in (ProxyHandler(), HTTPSHandler(context=context)):
            self._opener.add_handler(handler)
        self._timeout = timeout

    def get(self, url: str, **_: object) -> Response:
        return self._send(Request(url))  # noqa: S310 - the configuration lets https through alone

    def post(self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], **_: object) -> Response:
        return self._send(Request(url, urlencode(data).encode(), dict(headers)))  # noqa: S310

    def close(self) -> None:
        """Nothing stays open."""

    def _send(self, request: Request) -> Response:
        with cast("HTTPResponse", self._opener.open(request, timeout=self._timeout)) as answer:
            return Response(answer.status, dict(answer.getheaders()), answer.read(LARGEST).decode(errors="replace"))
