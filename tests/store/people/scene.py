"""Ann, whose words are everywhere; Bob, who shares a thread and a case with her; and Rob, who answers both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import LargeBinary, String, select
from sqlalchemy.sql.sqltypes import JSON

from store import (
    api_answers,
    cases,
    contacts,
    conversations,
    evaluations,
    examples,
    files,
    mail,
    outbox,
    slack,
    teams,
    webchat,
    work,
)
from store import audit as trail
from store.api_answers import Answer
from store.audit import Origin
from store.engine import Connection, Database
from store.evaluations import Evaluation
from store.examples import ExampleFilter
from store.files import File
from store.mail import KeptMail, MailState, SentLimits
from store.model import (
    Actor,
    ActorKind,
    Attachment,
    Author,
    CaseNumber,
    CaseStatus,
    Category,
    Change,
    ContactId,
    ConversationId,
    Evidence,
    Inbound,
    InboundKind,
    MessageId,
    Role,
    utcnow,
)
from store.schema import contact_identities, messages, metadata
from store.slack import Placed
from store.teams import Greeting
from tests.store.examples import field, wrote

WORD = "zyxwombat"
"""Last in each of Ann's words, for full-text indexes leave out how a word begins."""
ADMINISTRATOR = Actor(kind=ActorKind.PERSON, id="account 1", name="Ada")
AGENT = Actor(kind=ActorKind.AGENT, id="agent", name="Casewright")
ADDRESS = f"address{WORD}@customer.example"
ANN = Author(id=f"ann{WORD}", name=f"Name{WORD}", email=ADDRESS)
ANN_BY_MAIL = Author(id=ADDRESS, name=f"Mailname{WORD}", email=ADDRESS)
BOB = Author(id="bob", name="Bob Bobword")
ROB = Author(id="rob", name="Rob Robword")


def w(place: str) -> str:
    """What Ann wrote at this place."""
    return f"{place}{WORD}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    ann: ContactId
    chat: ConversationId
    mailed: ConversationId
    shared: ConversationId
    case: CaseNumber  # Ann's
    bobs: CaseNumber


def said(connection: Connection, inbound: Inbound, role: Role = Role.CUSTOMER) -> tuple[ConversationId, MessageId]:
    """As the running product takes a message in."""
    work.accept(connection, inbound)
    conversation = conversations.find(connection, inbound.channel, inbound.account, inbound.conversation_key)
    assert conversation is not None
    who = contacts.identify(connection, inbound.channel, inbound.account, inbound.author)
    participant = conversations.join(connection, conversation, inbound, role, who)
    assert conversations.append(connection, conversation, participant, inbound, noise=False)
    (claim,) = work.claim(connection, worker=1, seconds=30, limit=1)
    work.finish(connection, claim.lease, claim.event, lambda _: None, most=20)
    mine = messages.c.external_id == (inbound.message_id or inbound.external_id)
    return conversation, MessageId(connection.execute(select(messages.c.id).where(mine)).scalar_one())


def quoted(message: MessageId, quote: str) -> tuple[Evidence, ...]:
    return (Evidence(message_id=message, quote=quote, start=0, end=len(quote)),)


def chat(text: str, number: int, author: Author = ANN, **more: Any) -> Inbound:
    plain = wrote(
        text,
        account="default",
        conversation_key="chat-1",
        external_id=f"chat-1|{number}",
        author=author,
        reply_address={"conversation": "chat-1"},
        raw={"text": text},
    )
    return replace(plain, **more)


def grouped(text: str, number: int, author: Author, **more: Any) -> Inbound:
    """In a thread of a Slack channel."""
    return wrote(
        text,
        channel="slack",
        account="T1",
        conversation_key="C1:17.1",
        external_id=f"Ev{number}",
        author=author,
        reply_address={"channel": "C1", "thread_ts": "17.1"},
        people=True,
        **more,
    )


def mailed(text: str, number: int, author: Author = ANN_BY_MAIL) -> Inbound:
    return wrote(
        text,
        channel=mail.CHANNEL,
        category=Category.EMAIL,
        account="support",
        conversation_key="mailkey",
        external_id=f"digest{number}",
        author=author,
        reply_address={"to": [ADDRESS], "cc": [], "subject": w("addressedsubject"), "references": []},
        raw={"subject": w("rawsubject"), "sender": ADDRESS},
    )


def kept_mail(number: int, **changes: Any) -> KeptMail:
    plain = KeptMail(
        account="support",
        folder="INBOX",
        uidvalidity=1,
        uid=number,
        digest=f"digest{number}",
        sender=ADDRESS,
        subject=w("subject"),
        state=MailState.JOINED,
        raw=f"Subject: {w('header')}\r\n\r\n<p>{w('html')}</p>".encode(),
        size=100,
        received_at=utcnow(),
        reason=w("mailreason"),
        conversation_key="mailkey",
    )
    return replace(plain, **changes)


def set_up(database: Database) -> Scene:
    """Words of Ann in every place that has room for a customer's."""
    chat_id, case = database.write_now(_chat)
    mail_id = database.write_now(_mails)
    shared, bobs = database.write_now(_among_others)
    database.write_now(partial(_dead_and_waiting))
    who = select(contact_identities.c.contact_id).where(contact_identities.c.external_id == ANN.id)
    ann = database.read_now(lambda connection: connection.execute(who.distinct()).scalar_one())
    return Scene(ann=ann, chat=chat_id, mailed=mail_id, shared=shared, case=case, bobs=bobs)


def _chat(connection: Connection) -> tuple[ConversationId, CaseNumber]:
    attachment = Attachment(name=w("filename"), content_type="text/plain", size=3, url="/v3/files/upload1")
    webchat.start(connection, "chat-1")
    kept = webchat.File(id="upload1", name=w("uploadname"), content_type="text/plain", content=w("bytes").encode())
    post = webchat.Post(
        conversation_key="chat-1", key="in|1", author_id=ANN.id, activity={"type": "message", "text": w("feed")}
    )
    webchat.append(connection, post, [kept])
    answer = replace(post, key="out|1", author_id="casewright", audience=ANN.id)
    webchat.append(connection, answer)
    conversation, message = said(connection, chat(w("message"), 1, attachments=(attachment,)))
    conversations.edit(connection, conversation, "chat-1|1", ANN.id, w("edited"), noise=False)
    said(connection, chat("Robword answers.", 2, ROB), Role.REPRESENTATIVE)
    who = contacts.identify(connection, "webchat", "default", ANN)
    proof = quoted(message, w("quote"))
    origin = Origin(actor=AGENT, conversation_id=conversation, settings_version=1, predictor="embedded")
    proposal = Change(what="proposed", new=w("proposed"), evidence=proof, reason=w("proposedbecause"))
    trail.record(connection, None, origin, [proposal])
    number = cases.create(
        connection,
        origin,
        title=w("title"),
        conversation_id=conversation,
        contact_id=who,
        writes=[field("product", w("value"), evidence=proof), field("serial", w("serial"), evidence=proof)],
    )
    by_rob = Origin(actor=Actor(kind=ActorKind.PERSON, id="rob", name="Rob Robword"), conversation_id=conversation)
    cases.suggest(
        connection, origin, cases.get(connection, number), [field("product", w("suggestion"), evidence=proof)]
    )
    case = cases.get(connection, number)
    cases.decide_suggestion(connection, by_rob, case, case.suggestions[0].id, accept=False)
    cases.write(connection, by_rob, cases.get(connection, number), [field("priority", w("correction"))])
    learnt = examples.listed(connection, ExampleFilter(), limit=9)
    examples.keep_gists(connection, [(each, w("gist").encode()) for each in learnt], gist_by="network")
    cases.add_note(connection, by_rob, cases.get(connection, number), w("note"))
    cases.add_failure(connection, origin, number, w("failure"))
    cases.set_status(connection, by_rob, cases.get(connection, number), CaseStatus.RESOLVED, resolution=w("resolution"))
    evaluations.keep(connection, evaluation(conversation, number, message))
    outbox.queue_text(connection, conversation, "1:line", w("post"), audience=ANN.id)
    outbox.queue_card(connection, conversation, "1:card", number, w("changed"))
    api_answers.once(connection, "key 1", "call", "print", lambda _: Answer(status=200, body={"title": w("answer")}))
    return conversation, number


def evaluation(conversation: ConversationId, number: CaseNumber | None, message: MessageId) -> Evaluation:
    detail: dict[str, Any] = {
        "passes": 1,
        "fields": {"product": None},
        "written": {"product": {"value": w("found"), "confidence": 0.9}},
        "suggested": {"serial": w("alsofound")},
        "unchanged": [],
        "missing": ["contact"],
        "refused": {"priority": {"reason": w("because"), "value": w("refused"), "confidence": 0.4}},
        "cited": [message],
        "reading": {"read": w("reading")},
    }
    return Evaluation(
        conversation_id=conversation,
        case_number=number,
        trigger="message",
        outcome="created",
        why="The required fields resolved.",
        detail=detail,
        predictor="embedded",
        settings_version=1,
        milliseconds=2,
    )


def _mails(connection: Connection) -> ConversationId:
    conversation, _ = said(connection, mailed(w("mail"), 1))
    mail.keep(connection, kept_mail(1))
    mail.keep(connection, kept_mail(2, state=MailState.REVIEW, conversation_key=None))
    mail.may_send(connection, "support", ADDRESS, key="sent", limits=SentLimits(per_hour=9, per_day=9))
    return conversation


def _among_others(connection: Connection) -> tuple[ConversationId, CaseNumber]:
    shared, _ = said(connection, grouped("Bobword asks.", 1, BOB))
    attachment = Attachment(name=w("copyname"), content_type="text/plain", size=3, url="/slack/files/filekey")
    ann = replace(ANN, id=f"U{WORD}")
    _, message = said(connection, grouped(f"{w('aside')} and {w('asidetitle')}", 2, ann, attachments=(attachment,)))
    file = File(
        key="filekey",
        channel="slack",
        account="T1",
        name=w("copyname"),
        content_type="text/plain",
        address=f"https://files.example/{w('copyaddress')}",
        link=f"https://files.example/{w('copylink')}",
    )
    files.keep(connection, [file])
    files.copied(connection, "filekey", w("copybytes").encode(), "text/plain")
    slack.keep(connection, Placed(account="T1", channel="C1", ts="17.1", author=f"U{WORD}", conversation_key="C1:17.1"))
    teams.greet(connection, [Greeting(account="T1", greeted=f"U{WORD}", address={"user": w("greeted")})])
    origin = Origin(actor=AGENT, conversation_id=shared, settings_version=1, predictor="embedded")
    bob = contacts.identify(connection, "slack", "T1", BOB)
    number = cases.create(
        connection,
        origin,
        title=w("asidetitle"),
        conversation_id=shared,
        contact_id=bob,
        writes=[
            field("product", w("asidevalue"), evidence=quoted(message, w("asidequote"))),
            field("priority", "bobword high"),
        ],
    )
    cases.suggest(
        connection,
        origin,
        cases.get(connection, number),
        [field("serial", w("asidesuggestion"), evidence=quoted(message, w("asidequote")))],
    )
    cases.add_failure(connection, origin, number, f"A mail came back: it did not reach {ADDRESS}.")
    cases.add_note(connection, Origin(actor=ADMINISTRATOR), cases.get(connection, number), "A note of Robword.")
    evaluations.keep(connection, evaluation(shared, number, message))
    outbox.queue_text(connection, shared, "2:line", w("asidepost"))
    for post in outbox.claim(connection, worker=1, seconds=30, limit=9):
        outbox.put_back(connection, post, after=3600, error=w("posterror"), uncertain=False)
    outbox.queue_text(connection, shared, "2:reply", "Robword to Bob.", relay="console:1")
    return shared, number


def _dead_and_waiting(connection: Connection) -> None:
    work.accept(connection, chat(w("waiting"), 3))
    (claim,) = work.claim(connection, worker=1, seconds=30, limit=1)
    work.fail(connection, claim.lease, claim.event, error=w("error"), error_id="1", retry=None)
    work.accept(connection, chat(w("also"), 4))
    undelivered = grouped(ADDRESS, 9, Author(id="daemon", is_bot=True), target=None)
    work.accept(connection, replace(undelivered, kind=InboundKind.UNDELIVERED))
    work.set_timer(connection, claim.lease.conversation_id, "message", quiet=0, at_most=0)


def holding(database: Database, word: str) -> set[str]:
    """Every column in which the word stands, "table.column"; also where it is part of bytes or of JSON."""
    return set(database.read_now(partial(_holding, word=word)))


def _holding(connection: Connection, word: str) -> Iterator[str]:
    found: list[str] = []
    for table in metadata.sorted_tables:
        for row in connection.execute(select(table)).mappings():
            found += [f"{table.name}.{name}" for name, value in row.items() if word in _text(value).casefold()]
    return iter(found)


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def rooms() -> set[str]:
    """Every column that has room for words."""
    return {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, String | JSON | LargeBinary)
    }
