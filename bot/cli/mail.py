"""`casewright mail`: what became of each mail, how one would be read, whether a mailbox works, and older mail."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from imaplib import IMAP4
from typing import Annotated, cast

import typer
from pydantic_core import to_jsonable_python
from rich.progress import Progress

from adapters.mail import loading
from adapters.mail.configuration import Limits, Mailbox, folder_name
from adapters.mail.credentials import Credentials, SignInFailed
from adapters.mail.explaining import explained
from adapters.mail.imap import Finding, check, fetch_since, what_went_wrong
from adapters.mail.importing import Importing
from adapters.mail.loading import MailboxesWrong
from adapters.mail.sending import check_smtp
from bot import mail_review
from bot.cli.opening import configuration, login, opened
from bot.cli.output import AsJson, moment, safe, show, show_json, show_table
from bot.cli.problems import Failure, Mistake
from bot.mail_review import Decider
from store import mail as mails
from store.engine import Database, Transaction
from store.mail import MailboxReport, MailEntry, MailState
from store.model import Actor, ActorKind

app = typer.Typer(no_args_is_help=True, add_completion=False)

_Name = Annotated[str, typer.Argument(metavar="MAILBOX", help="Its name in the mailboxes' file.")]
_Id = Annotated[int, typer.Argument(metavar="ID", min=1, max=2**63 - 1, help="As `casewright mail list` prints it.")]


@app.command("list")
def list_(
    *,
    state: Annotated[list[MailState] | None, typer.Option(help="Only these; may be given several times.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List mails, newest first, each with where it ended and why."""
    with opened() as database:
        found = database.read_now(partial(mails.listed, states=state or (), limit=limit))
    if as_json:
        show_json(found)
    elif not found:
        show("There is none.")
    else:
        headers = ("id", "received", "mailbox", "from", "subject", "state", "case", "why")
        show_table(headers, [_row(each) for each in found])


def _row(mail: MailEntry) -> Sequence[object]:
    why = mail.reason or (f"by {mail.signal}" if mail.signal else None)
    return (
        mail.id,
        moment(mail.received_at),
        mail.account,
        mail.sender,
        mail.subject,
        mail.state,
        mail.case_number,
        why,
    )


@app.command("show")
def show_(mail_id: _Id) -> None:
    """Print a mail as it came, byte for byte: redirect it to a file to open it."""
    with opened() as database:
        found = database.read_now(partial(mails.get, mail_id=mail_id))
    if found is None:
        raise Failure(f"There is no mail {mail_id}.")
    typer.get_binary_stream("stdout").write(found[1].raw)


@app.command()
def accept(
    mail_id: _Id,
    *,
    join: Annotated[bool, typer.Option("--join", help="Into the conversation that it names.")] = False,
) -> None:
    """Let a mail out of the review, into a conversation of its own."""
    with opened() as database:
        decider = _decider(database, mail_id)
        _decide(database, partial(mail_review.accept, mail_id=mail_id, decider=decider, join=join))
    show(f"Mail {mail_id} {'joins the conversation that it names' if join else 'begins a new conversation'}.")


@app.command()
def dismiss(mail_id: _Id) -> None:
    """Close a mail in review: it stays kept, and nothing follows."""
    with opened() as database:
        _decide(database, partial(mail_review.dismiss, mail_id=mail_id))
    show(f"Mail {mail_id} is dismissed.")


@app.command()
def split(mail_id: _Id) -> None:
    """Split a mail off from the conversation that it joined: it begins a new one."""
    with opened() as database:
        decider = _decider(database, mail_id)
        _decide(database, partial(mail_review.split, mail_id=mail_id, decider=decider))
    show(f"Mail {mail_id} begins a new conversation.")


def _decide(database: Database, decision: Transaction) -> None:
    try:
        database.write_now(decision)
    except mail_review.Undecidable as error:
        raise Failure(str(error)) from error


def _decider(database: Database, mail_id: int) -> Decider:
    """Whoever sits at the command line, for the mailbox that the mail came to."""
    found = database.read_now(partial(mails.get, mail_id=mail_id))
    if found is None:
        raise Failure(f"There is no mail {mail_id}.")
    mailbox, _ = _mailbox(found[1].account)
    name = login()
    return Decider(actor=Actor(kind=ActorKind.PERSON, id=f"cli:{name}", name=name), mailbox=mailbox)


@app.command()
def status(*, as_json: AsJson = False) -> None:
    """Tell how each mailbox is doing, as the process says that attends to it."""
    with opened() as database:
        reports = database.read_now(mails.mailbox_reports)
    if as_json:
        show_json(reports)
    elif not reports:
        show("No mailbox has been attended to yet: CASEWRIGHT_MAILBOXES names the file that describes them.")
    else:
        headers = ("mailbox", "state", "last arrival", "in words")
        show_table(headers, [_report_row(each) for each in reports])


def _report_row(report: MailboxReport) -> Sequence[object]:
    told = report.condition
    arrival = moment(told.last_arrival) if told.last_arrival else None
    if not report.attended:
        return (report.account, "unattended", arrival, f"Nobody attends to it since {moment(report.seen_at)}.")
    return (report.account, told.state, arrival, told.sentence)


@app.command()
def explain(
    file: Annotated[
        typer.FileBinaryRead, typer.Argument(help="A raw mail, such as an .eml file; - is standard input.")
    ],
    *,
    mailbox: Annotated[str | None, typer.Option(help="As if it had come to this one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell how a raw mail is read and treated; nothing is stored.

    One that is kept: casewright mail show ID | casewright mail explain -
    """
    chosen = _mailbox(mailbox)[0] if mailbox else None
    told = explained(file.read(), chosen, limits=chosen.limits if chosen else Limits())
    if as_json:
        show_json(told)
        return
    for name, value in to_jsonable_python(told).items():
        show(safe(f"{name.replace('_', ' ')}: {_in_words(value)}"))


def _in_words(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(map(_in_words, cast("list[object]", value))) or "–"
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in cast("dict[str, object]", value).items())
    return "–" if value in {None, ""} else str(value)


@app.command("check")
def check_(name: _Name) -> None:
    """Test a mailbox from end to end, reading and sending, and say what is wrong in words. Changes nothing in it."""
    mailbox, credentials = _mailbox(name)
    findings = asyncio.run(_check(mailbox, credentials))
    for finding in findings:
        show(safe(f"{'ok ' if finding.ok else 'BAD'} {finding.sentence}", style="" if finding.ok else "bold"))
    if not all(finding.ok for finding in findings):
        raise Failure(f"The mailbox {name} does not work yet.")


async def _check(mailbox: Mailbox, credentials: Credentials) -> list[Finding]:
    return [*await check(mailbox, credentials), *await check_smtp(mailbox, credentials)]


@app.command("import")
def import_(
    name: _Name,
    *,
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day, as YYYY-MM-DD.")],
    folder: Annotated[str, typer.Option(help="The folder to read.")] = "INBOX",
) -> None:
    """Bring older mail in. It is kept and listed; none of it is answered, and no case is opened."""
    mailbox, credentials = _mailbox(name)
    if since.date() > datetime.now(UTC).date():
        raise Mistake("--since lies in the future: write a day that has been.")
    with opened() as database:
        folder = folder_name(folder)
        importing = Importing(database, mailbox)
        try:
            count = asyncio.run(_import(importing, mailbox, credentials, folder, since.date()))
        except SignInFailed as error:
            raise Failure(error.sentence) from error
        except (OSError, IMAP4.error) as error:
            raise Failure(what_went_wrong(error, mailbox.imap)) from error
    show(f"{count} mails were brought in from {folder}.")


async def _import(importing: Importing, mailbox: Mailbox, credentials: Credentials, folder: str, since: date) -> int:
    count = 0
    async with fetch_since(mailbox, credentials, folder, since) as found:
        with Progress() as progress:
            task = progress.add_task(f"{folder} since {since}", total=found.total)
            async for arrivals in found.batches:
                count += await importing.keep(arrivals)
                progress.advance(task, len(arrivals))
    return count


def _mailbox(name: str) -> tuple[Mailbox, Credentials]:
    config = configuration()
    if config.mailboxes is None:
        raise Mistake("No mailboxes are set up: CASEWRIGHT_MAILBOXES names a file that describes them.")
    secrets = {variable: secret.get_secret_value() for variable, secret in config.mailbox_secrets.items()}
    try:
        found = loading.load(config.mailboxes, secrets)
    except MailboxesWrong as error:
        raise Mistake(str(error)) from error
    for mailbox, credentials in found:
        if mailbox.name == name:
            return mailbox, credentials
    names = ", ".join(mailbox.name for mailbox, _ in found)
    raise Mistake(f"There is no mailbox {name}: there are {names}.")
