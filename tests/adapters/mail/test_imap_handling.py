"""What becomes of a handled mail in the mailbox: it stays, is marked or moved, and never goes."""

from __future__ import annotations

import pytest
from imapclient import IMAPClient
from pydantic import ValidationError

from adapters.mail.imap import Supervisor
from tests.adapters.mail.imap import MemoryStore, begun, mail, mailbox_of, until
from tests.dovecot import Dovecot

MOVE = {"action": "move", "folder": "Done"}


async def _handled(dovecot: Dovecot, supervisor: Supervisor, store: MemoryStore) -> None:
    """Five mails arrive, and all but the second are handled."""
    dovecot.deliver(*(mail(str(number)) for number in range(1, 6)))
    await until(lambda: len(store.kept) == 5)
    store.to_handle = [1, 3, 4, 5]
    supervisor.wake()


async def test_mails_are_left_as_they_are(dovecot: Dovecot) -> None:
    store = MemoryStore()
    async with begun(mailbox_of(dovecot), store) as supervisor:
        await _handled(dovecot, supervisor, store)
        dovecot.deliver(mail("6"))
        await until(lambda: len(store.kept) == 6)
    assert dovecot.flags() == {uid: set[bytes]() for uid in range(1, 7)}
    assert store.were_settled == []


async def test_handled_mails_are_marked_as_seen_at_once(dovecot: Dovecot) -> None:
    store = MemoryStore()
    mailbox = mailbox_of(dovecot, after_handling={"action": "mark_seen"}, idle_seconds=600, poll_seconds=600)
    async with begun(mailbox, store) as supervisor:
        await _handled(dovecot, supervisor, store)
        await until(lambda: sorted(store.were_settled) == store.to_handle)
    assert [uid for uid, flags in sorted(dovecot.flags().items()) if rb"\Seen" in flags] == [1, 3, 4, 5]


@pytest.mark.parametrize("capability", ["IMAP4rev1 IDLE UIDPLUS MOVE", "IMAP4rev1 IDLE UIDPLUS"])
async def test_handled_mails_are_moved_and_no_other_is_touched(dovecot: Dovecot, capability: str) -> None:
    dovecot.restart(imap_capability=capability)
    dovecot.create("Done")
    store = MemoryStore()
    async with begun(mailbox_of(dovecot, after_handling=MOVE), store) as supervisor:
        dovecot.deliver(mail("somebody else's"))
        await until(lambda: store.kept)
        with dovecot.client() as client:
            _mark_deleted(client, 1)
        dovecot.deliver(*(mail(text) for text in ("done", "gone", "open")))
        await until(lambda: len(store.kept) == 4)
        dovecot.expunge(3)
        store.to_handle = [2, 3]
        supervisor.wake()
        await until(lambda: sorted(store.were_settled) == [2, 3])
    # Another program's mark is no reason to remove its mail, and no mail of ours is deleted.
    assert dovecot.flags() == {1: {rb"\Deleted"}, 4: set()}
    assert dovecot.texts("Done") == ["done"]


def _mark_deleted(client: IMAPClient, uid: int) -> None:
    client.select_folder("INBOX")
    client.add_flags([uid], [rb"\Deleted"])


async def test_where_a_server_can_not_move_safely_mails_stay_and_it_is_said(dovecot: Dovecot) -> None:
    dovecot.restart(imap_capability="IMAP4rev1 IDLE")
    dovecot.create("Done")
    store = MemoryStore()
    async with begun(mailbox_of(dovecot, after_handling=MOVE), store) as supervisor:
        await _handled(dovecot, supervisor, store)
        await until(lambda: "neither MOVE nor UIDPLUS" in supervisor.health.sentence)
        assert supervisor.health.state == "connected"
        await until(lambda: sorted(store.were_settled) == store.to_handle)  # no use to try again
    assert dovecot.flags() == {uid: set[bytes]() for uid in range(1, 6)}


async def test_mails_wait_until_the_folder_to_move_them_to_is_there(dovecot: Dovecot) -> None:
    store = MemoryStore()
    async with begun(mailbox_of(dovecot, after_handling=MOVE), store) as supervisor:
        await _handled(dovecot, supervisor, store)
        await until(lambda: "there is no folder Done" in supervisor.health.sentence)
        assert store.were_settled == []
        dovecot.create("Done")
        await until(lambda: sorted(store.were_settled) == store.to_handle)
        await until(lambda: "Done" not in supervisor.health.sentence)
    assert sorted(dovecot.texts("Done")) == ["1", "3", "4", "5"]
    assert dovecot.texts("INBOX") == ["2"]


def test_mails_are_not_moved_to_a_folder_that_is_read(dovecot: Dovecot) -> None:
    with pytest.raises(ValidationError, match="would come back as new"):
        mailbox_of(dovecot, folders=("INBOX", "Done"), after_handling=MOVE)


async def test_a_copy_is_put_into_a_folder_as_read(dovecot: Dovecot) -> None:
    dovecot.create("Sent")
    async with begun(mailbox_of(dovecot), MemoryStore()) as supervisor:
        await supervisor.append("Sent", mail("an answer"))
    assert dovecot.texts("Sent") == ["an answer"]
    assert dovecot.flags("Sent") == {1: {rb"\Seen"}}
