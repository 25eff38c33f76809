"""SIGKILL at each commit on a mail's way: it is stored once, and answered by one mail."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from email.message import EmailMessage
from functools import partial
from pathlib import Path

from sqlalchemy import select

from bot.settings import ensure_starter
from store import mail as mails
from store.engine import Database
from store.mail import MailState
from store.schema import mails as kept
from tests.adapters.mail.imap import until
from tests.adapters.mail.smtp import World, world
from tests.dovecot import Dovecot
from tests.engine.child import Death
from tests.flow.desk import change_settings
from tests.flow.mail_desk import described, environment, reply, written
from tests.flow.product import Product, forget_the_deaths
from tests.flow.test_mail_outages import finished, opened, started

# In the order of a mail's way. The second `finish` is that of the evaluation after the message.
CONNECTING = ("store.mail.attend", "adapters.mail.keeping._advance")
RECEIVING = ("store.work.accept_all", "store.work.claim", "store.work.finish", "store.work.fire_due_timers")
ANSWERING = ("store.outbox.claim", "store.mail.may_send", "bot.delivery._delivered")
SETTLING = ("store.mail.mark_settled",)


def around(transactions: Iterable[str]) -> list[Death]:
    deaths = [Death(at=at, when=when) for at in transactions for when in ("before", "after")]
    second = [Death(at="store.work.finish", when=when, nth=2) for when in ("before", "after")]
    return [*deaths, *second] if "store.work.finish" in transactions else deaths


async def test_a_death_at_any_commit_on_its_way_stores_each_mail_once_and_answers_it_once(
    database_url: str, tmp_path: Path, dovecot: Dovecot
) -> None:
    async with world() as there, opened(database_url) as database:
        product = Product(database_url, tmp_path, environment(database_url))
        mailbox = described(dovecot, there.port, after_handling={"action": "mark_seen"})
        (tmp_path / "mailboxes.yaml").write_text(json.dumps({"mailboxes": [mailbox]}))
        ensure_starter(database)
        change_settings(database, lambda settings: settings["evaluation"].update(quiet=0, at_most=0))
        for death in around(CONNECTING):
            await product.dies(death)
        async with product.runs():
            await until(lambda: started(database))

        deaths = around((*RECEIVING, *ANSWERING, *SETTLING))
        for number, death in enumerate(deaths):
            dovecot.deliver(bytes(written(person(number), f"My kettle {number} leaks water.", f"Kettle {number}")))
            await product.dies(death)
            forget_the_deaths(database)
        async with product.runs():
            await until(lambda: finished(database, len(deaths)), seconds=60)
            await until(lambda: settled(database))
            # The card goes out after the first fill, which is later than the case.
            await until(lambda: all(letters_of(there, number) for number in range(len(deaths))), seconds=60)
        cases = [letters_of(there, number)[0] for number in range(len(deaths))]

        again = around(RECEIVING)
        for number, death in enumerate(again):
            words = f"It is urgent. The serial number is EH24-{100000 + number}."
            dovecot.deliver(bytes(reply(person(number), words, cases[number])))
            await product.dies(death)
            forget_the_deaths(database)
        async with product.runs():
            await until(lambda: finished(database, len(deaths) + len(again)), seconds=60)
            await until(lambda: settled(database))
            # The card, and a line about what the reply changed.
            wanted_letters = [2 if number < len(again) else 1 for number in range(len(deaths))]
            await until(
                lambda: [len(letters_of(there, number)) for number in range(len(deaths))] == wanted_letters, seconds=60
            )

        found = database.read_now(partial(mails.listed, states=(), limit=1000))
        wanted = {MailState.CREATED: len(deaths), MailState.JOINED: len(again)}
        assert Counter(each.state for each in found) == wanted
        assert len({each.case_number for each in found}) == len(deaths)
        assert {(each.sender, each.case_number) for each in found if each.state is MailState.JOINED} <= {
            (each.sender, each.case_number) for each in found if each.state is MailState.CREATED
        }
        assert len(dovecot.flags()) == len(found)
        assert all(rb"\Seen" in flags for flags in dovecot.flags().values())


def person(number: int) -> str:
    return f"Person {number} <person{number}@many.example>"


def letters_of(there: World, number: int) -> list[EmailMessage]:
    """What somebody got. What was on its way when its sender died came again, with the same Message-ID: as one mail."""
    to_them = [letter.mail for letter in there.letters if f"person{number}@many.example" in letter.recipients]
    return list({str(mail["Message-ID"]): mail for mail in to_them}.values())


def settled(database: Database) -> bool:
    """Nothing is left to be marked in the mailbox."""
    left = select(kept.c.id).where(kept.c.settled.is_(False)).limit(1)
    return database.read_now(lambda connection: connection.execute(left).first()) is None
