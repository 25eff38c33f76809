"""One mailbox: all its folders, each on a connection and a thread of its own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from adapters.mail.configuration import Mailbox
from adapters.mail.credentials import Credentials
from adapters.mail.imap.folder import Folder
from adapters.mail.imap.refusals import RefusedSignIns
from adapters.mail.imap.session import signed_in
from adapters.mail.imap.values import MailboxHealth, MailboxState, Store
from adapters.mail.imap.wire import Client

# The health of a mailbox is that of its worst folder.
WORST_FIRST = (
    MailboxState.BAD_CREDENTIALS,
    MailboxState.UNREACHABLE,
    MailboxState.STARTING,
    MailboxState.CATCHING_UP,
    MailboxState.CONNECTED,  # one folder with mail is enough not to be silent
    MailboxState.SILENT,
)


class Supervisor:
    def __init__(self, mailbox: Mailbox, store: Store, credentials: Credentials) -> None:
        self._mailbox = mailbox
        self._credentials = credentials
        refused = RefusedSignIns()
        self.folders = [Folder(mailbox, name, store, credentials, refused) for name in mailbox.folders]

    async def run(self) -> None:
        """Until cancelled; leaves neither task, thread nor socket."""
        async with asyncio.TaskGroup() as folders:
            for folder in self.folders:
                folders.create_task(folder.run())

    @property
    def health(self) -> MailboxHealth:
        worst = min((folder.health for folder in self.folders), key=lambda health: WORST_FIRST.index(health.state))
        sentence = f"{worst.sentence} {self._ends_soon()}".rstrip()
        arrivals = [folder.health.last_arrival for folder in self.folders if folder.health.last_arrival]
        return MailboxHealth(state=worst.state, sentence=sentence, last_arrival=max(arrivals, default=None))

    def _ends_soon(self) -> str:
        today = datetime.now(UTC).date()
        expiry = self._credentials.expiry
        return expiry.sentence(today) if expiry and expiry.is_soon(today) else ""

    def wake(self) -> None:
        """Handled mails are marked or moved now, instead of within poll_seconds."""
        for folder in self.folders:
            folder.wake()

    async def append(self, folder: str, raw: bytes) -> None:
        """A copy, marked as read, on a short connection of its own. Raises SignInFailed, OSError, IMAP4.error."""
        async with signed_in(self._mailbox, self._credentials, "append") as session:
            await session.call(Client.append, folder, raw, (rb"\Seen",))

    async def has(self, folder: str, message_id: str) -> bool:
        """Whether a mail with this id, brackets and all, lies in the folder; False when there is none such.

        Raises SignInFailed, OSError, IMAP4.error.
        """
        async with signed_in(self._mailbox, self._credentials, "look") as session:
            return await session.call(_has, folder, message_id)


def _has(client: Client, folder: str, message_id: str) -> bool:
    if not client.folder_exists(folder):
        return False
    client.select_folder(folder, readonly=True)
    return bool(client.search(["HEADER", "Message-ID", message_id]))
