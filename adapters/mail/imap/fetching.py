"""Finding and fetching mails. Everything here blocks, and runs in the thread that owns the client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from adapters.mail.imap.values import Arrival
from adapters.mail.imap.wire import Client

BATCH_MAILS = 50
BATCH_BYTES = 5 << 20
SIZES_AT_ONCE = 500  # uids in one command: some servers limit the length of a line


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderStatus:
    uidvalidity: int
    next_uid: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A mail that stands on the server, as far as a list tells."""

    uid: int
    size: int  # as the server says, which may be wrong


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What the answers are read with."""

    folder: str
    uidvalidity: int
    mail_bytes: int


def status(client: Client, folder: str) -> FolderStatus:
    """A few bytes, however many mails there are. Raises IMAP4.error, also when there is no such folder."""
    answer = client.folder_status(folder, ["UIDNEXT", "UIDVALIDITY"])
    uidvalidity = answer.get(b"UIDVALIDITY", 0)
    return FolderStatus(uidvalidity=uidvalidity, next_uid=answer.get(b"UIDNEXT", 0) or _next_uid(client))


def select(client: Client, folder: str, *, readonly: bool) -> FolderStatus:
    """Of the folder as this session sees it from now on, which may be another one than that of a later `status`."""
    answer = client.select_folder(folder, readonly=readonly)
    now = status(client, folder)
    return FolderStatus(uidvalidity=answer.get(b"UIDVALIDITY", now.uidvalidity), next_uid=now.next_uid)


def uids_from(client: Client, first: int) -> list[int]:
    """RFC 3501: "n:*" names the last mail even when its uid is below n."""
    return sorted(uid for uid in client.search(["UID", f"{first}:*"]) if uid >= first)


def newest_uid(client: Client) -> int:
    """Of the folder as this session sees it; 0 when it is empty."""
    return max(client.search(["UID", "*"]), default=0)


def uids_since(client: Client, day: date) -> list[int]:
    """By INTERNALDATE. One day more than asked for: the server reads the date in a time zone of its own."""
    client.noop()  # so that our view of the folder has all that `status` told of
    return sorted(client.search(["SINCE", day - timedelta(days=1)]))


def sizes(client: Client, uids: Sequence[int]) -> list[Listed]:
    answer = client.fetch(uids, ["RFC822.SIZE"])
    return [Listed(uid=uid, size=_size(answer[uid])) for uid in uids if uid in answer]


def batches(mails: Iterable[Listed], mail_bytes: int) -> Iterator[list[Listed]]:
    """In order, each of BATCH_MAILS or about BATCH_BYTES at most (a single larger mail is a batch)."""
    batch: list[Listed] = []
    total = 0
    for mail in mails:
        counts = min(mail.size, mail_bytes)
        if batch and (len(batch) == BATCH_MAILS or total + counts > BATCH_BYTES):
            yield batch
            batch, total = [], 0
        batch.append(mail)
        total += counts
    if batch:
        yield batch


def fetch(client: Client, batch: Sequence[Listed], reading: Reading) -> list[Arrival]:
    """Those that still exist, in order. BODY.PEEK: reading sets no flag."""
    small = [mail.uid for mail in batch if mail.size <= reading.mail_bytes]
    large = [mail.uid for mail in batch if mail.size > reading.mail_bytes]
    found = client.fetch(small, ["INTERNALDATE", "RFC822.SIZE", "BODY.PEEK[]"]) if small else {}
    if large:
        part = f"BODY.PEEK[]<0.{reading.mail_bytes}>"
        found |= client.fetch(large, ["INTERNALDATE", "RFC822.SIZE", part])
    return [_arrival(mail.uid, found[mail.uid], reading) for mail in batch if mail.uid in found]


def _arrival(uid: int, answer: Mapping[bytes, Any], reading: Reading) -> Arrival:
    whole = _body(answer)
    raw = whole[: reading.mail_bytes]
    received_at = answer.get(b"INTERNALDATE")
    # The size that a server tells may be an estimate; what lies before us is not.
    size = len(whole) if len(whole) != reading.mail_bytes else max(_size(answer), len(whole))
    return Arrival(
        folder=reading.folder,
        uidvalidity=reading.uidvalidity,
        uid=uid,
        raw=raw,
        size=size,
        received_at=received_at.astimezone(UTC) if isinstance(received_at, datetime) else datetime.now(UTC),
    )


def _body(answer: Mapping[bytes, Any]) -> bytes:
    body = next((value for key, value in answer.items() if key.startswith(b"BODY[]")), None)
    return body if isinstance(body, bytes) else b""


def _size(answer: Mapping[bytes, Any]) -> int:
    size = answer.get(b"RFC822.SIZE")
    return size if isinstance(size, int) else 0


def _next_uid(client: Client) -> int:
    """For servers that do not tell UIDNEXT."""
    return max(client.search(["UID", "*"]), default=0) + 1
