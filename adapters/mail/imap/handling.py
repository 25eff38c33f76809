"""What happens in the mailbox to a mail that is handled. Blocks: runs in the thread that owns the client."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.mail.configuration import AfterHandling
from adapters.mail.imap.wire import Client

SEEN = rb"\Seen"
DELETED = rb"\Deleted"
AT_ONCE = 500


class CannotMove(Exception):
    """The mails stay where they are; a person is told why. `for_good`: no use to try again on this server."""

    def __init__(self, sentence: str, *, for_good: bool) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.for_good = for_good


def apply(client: Client, uids: Sequence[int], after: AfterHandling) -> None:
    """Uids that are gone meanwhile are no error. Raises CannotMove, or IMAP4.error to try again later."""
    for start in range(0, len(uids), AT_ONCE):
        some = uids[start : start + AT_ONCE]
        if after.folder is not None:
            _move(client, some, after.folder)
        elif after.action == "mark_seen":
            client.add_flags(some, [SEEN], silent=True)


def can_move(client: Client) -> bool:
    """Never by EXPUNGE alone, which would delete what others have marked as well."""
    return client.has_capability("MOVE") or client.has_capability("UIDPLUS")


def _move(client: Client, uids: Sequence[int], folder: str) -> None:
    if not can_move(client):
        raise CannotMove("Handled mails stay where they are: the server has neither MOVE nor UIDPLUS.", for_good=True)
    if not client.folder_exists(folder):
        raise CannotMove(f"Handled mails stay where they are: there is no folder {folder}.", for_good=False)
    here = sorted(client.get_flags(uids))
    if not here:
        return
    if client.has_capability("MOVE"):
        client.move(here, folder)
        return
    client.copy(here, folder)
    client.add_flags(here, [DELETED], silent=True)
    client.uid_expunge(here)
