"""A connection that another thread can end or wake, whatever its own thread is waiting for."""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from imaplib import IMAP4
from pathlib import Path
from threading import Lock

from imapclient import IMAPClient

from adapters.mail.configuration import Security, Server

Address = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]  # what getaddrinfo gives


class Line:
    """The TCP connection below one client. `cut` and `ring` may be called from any thread, at any time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ours: socket.socket | None = None  # a duplicate: the client's own belongs to its thread
        self._is_cut = False
        self._bell, self._rope = socket.socketpair()
        for end in (self._bell, self._rope):
            end.settimeout(0)

    def dial(self, host: str, port: int, timeout: float | None) -> socket.socket:
        """Raises OSError, naming the last address's failure."""
        failure = OSError(f"{host} has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            try:
                return self._connect(socket.socket(family, kind, protocol), address, timeout)
            except OSError as error:
                failure = error
        raise failure

    def cut(self) -> None:
        """Whatever waits on the connection, from the TCP handshake on, ends at once with an OSError or an abort."""
        with self._lock:
            self._is_cut = True
            if self._ours:
                with suppress(OSError):  # it may have been closed by the other side
                    self._ours.shutdown(socket.SHUT_RDWR)

    def ring(self) -> None:
        """Ends `wait`, or the next one."""
        with self._lock, suppress(OSError):  # full: it rings already; closed: nobody listens
            self._rope.send(b"!")

    def wait(self, sock: socket.socket, seconds: float) -> None:
        """Until the server says something (or the connection ends), or somebody rings."""
        poll = select.poll()
        for end in (sock, self._bell):
            poll.register(end, select.POLLIN)
        poll.poll(seconds * 1000)
        with suppress(BlockingIOError):
            self._bell.recv(4096)

    def close(self) -> None:
        self.cut()
        with self._lock:
            for end in (self._ours, self._bell, self._rope):
                if end:
                    end.close()

    def _connect(self, sock: socket.socket, address: Address, timeout: float | None) -> socket.socket:
        try:
            self._hold(sock)
            sock.settimeout(timeout)
            sock.connect(address)
        except BaseException:
            sock.close()
            raise
        return sock

    def _hold(self, sock: socket.socket) -> None:
        with self._lock:
            if self._is_cut:
                raise ConnectionAbortedError("the connection is not wanted any more")
            if self._ours:
                self._ours.close()
            self._ours = sock.dup()


class _Protocol(IMAP4):
    def __init__(self, server: Server, line: Line, context: ssl.SSLContext, timeout: float) -> None:
        self._server = server
        self._line = line
        self._context = context
        super().__init__(server.host, server.port, timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        sock = self._line.dial(self._server.host, self._server.port, timeout)
        if self._server.security is not Security.TLS:
            return sock
        return self._context.wrap_socket(sock, server_hostname=self._server.host)


class Client(IMAPClient):
    """An IMAPClient on a `Line`. Not thread-safe: one thread makes it and owns it.

    Raises OSError (ssl.SSLError among them) and IMAP4.error, as every method does.
    """

    def __init__(self, server: Server, line: Line, timeout: float) -> None:
        self._server = server
        self._line = line
        self._context = tls_context(server)
        self._timeout_seconds = timeout
        self._look_first = False
        super().__init__(server.host, server.port, ssl=server.security is Security.TLS, timeout=timeout)
        self.normalise_times = False  # aware ones, please
        if server.security is Security.STARTTLS:
            self._secure()

    def await_news(self, seconds: float) -> None:
        """IDLE where the server has it, else a pause; NOOP in the end, since a dead line looks like a quiet one."""
        if self.has_capability("IDLE"):
            self.idle()
            self._look_first = True
            if not self.idle_check(0):
                self.idle_check(seconds)
            self.idle_done()
        else:
            self._line.wait(self.socket(), seconds)
        self.noop()

    def _secure(self) -> None:
        try:
            self.starttls(self._context)  # raises CapabilityError where it is not offered: never go on in plain text
        except BaseException:
            with suppress(OSError):  # a failed handshake has closed it
                self.shutdown()
            raise

    def _create_IMAP4(self) -> IMAP4:  # noqa: N802 - IMAPClient's name
        return _Protocol(self._server, self._line, self._context, self._timeout_seconds)

    def _poll_socket(self, sock: socket.socket, timeout: float | None = None) -> Sequence[object]:
        """What waits for the socket in idle_check.

        The first answers to IDLE may have come in one packet with its confirmation: they stand in a buffer then, where
        poll(2) does not see them, and a mail would wait for the next renewal. So the first look reads without asking.
        """
        if self._look_first:
            self._look_first = False
            return (sock,)
        self._line.wait(sock, timeout or 0)
        return (sock,)


def tls_context(server: Server) -> ssl.SSLContext:
    """Always verifies chain and name. Raises OSError when the CA file can't be read."""
    file = server.ca_file
    return _verifying(file, file.stat().st_mtime_ns if file else 0)


@lru_cache(maxsize=32)
def _verifying(ca_file: Path | None, _changed: int) -> ssl.SSLContext:
    """Reading the system's authorities takes 20 ms, which is as long as all else that a mail takes."""
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context
