"""The composition root: the only module that sees everything, used by the command line and by tests."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, nullcontext

import structlog
from aiohttp.web import AppRunner, RouteDef, TCPSite

from adapters.channel import Channel
from adapters.mail.configuration import Mailbox
from adapters.slack.configuration import Watching
from adapters.webchat import REPRESENTATIVE, CommandHint, WebChat
from agent.embedded import EmbeddedPredictor
from agent.llm.breaker import Breaker
from agent.llm.reader import Llm
from bot import server
from bot.access.gate import Gate
from bot.access.openid import OpenIdProvider
from bot.api.api import Api
from bot.carry_out import CommandRunner
from bot.clock import Clock
from bot.commands import COMMANDS
from bot.config import (
    Config,
    ConfigError,
    llm_configuration,
    openid_configuration,
    slack_configuration,
    teams_configuration,
)
from bot.console import rendering
from bot.console.console import Console
from bot.console.operations import Running
from bot.counting import Counting
from bot.delivery import Delivery
from bot.desk import CaseDesk
from bot.evaluation import Evaluator
from bot.forgetting import Forgetting
from bot.handling import Handling, gave_up
from bot.intake import Intake
from bot.learnt import Gisting
from bot.metrics import Metrics
from bot.provider import connect
from bot.secret import webchat_secret
from bot.settings import CurrentSettings, ensure_starter
from bot.tracker import is_representative
from bot.wake import Wake
from bot.webhooks.sending import WebhookSender
from bot.worker import Worker, alive
from store import migrations
from store.engine import Database
from store.hints import Hints
from store.model import Author

log = structlog.get_logger()

BODY_LIMIT = 1 << 20  # bytes of a request that is no upload; channels set narrower ones


class Application:
    """Everything that one process runs, wired and not yet started."""

    def __init__(self, config: Config, database: Database, *, works: bool = True) -> None:
        self.config = config
        self.database = database
        self.metrics = Metrics()
        self.settings = CurrentSettings()
        self.work, self.posts = Wake(), Wake()
        self.demo_representatives = frozenset({REPRESENTATIVE} if config.demo else ())
        self.hints: Hints | None = None
        self.mailboxes: dict[str, Mailbox] = {}
        self.evaluator = evaluator = Evaluator(database, self.settings, EmbeddedPredictor(), self.metrics, self._llm())
        self.channels = self._channels(evaluator)
        self.intake = Intake(database, self.hint, self.metrics, backlog_limit=config.backlog_limit)
        handling = Handling(
            database,
            self.settings,
            evaluator,
            CommandRunner(evaluator),
            demo_representatives=self.demo_representatives,
        )
        self.worker = Worker(
            database,
            handling,
            self.work,
            self.posts,
            self.metrics,
            concurrency=config.workers_concurrency,
            lease_seconds=config.lease_seconds,
            gave_up=gave_up,
        )
        self.delivery = Delivery(database, self.channels, self.settings, self.posts, self.metrics)
        self.webhooks = WebhookSender(database, self.settings, self.metrics, private=config.webhooks_private)
        self.counting = Counting(database)
        self.gisting = Gisting(database)
        self.forgetting = Forgetting(database)
        self.clock = Clock(database, self.work, self.metrics, fires=works)

    def _llm(self) -> Llm | None:
        """Raises ConfigError where the SDK is not installed."""
        configuration = llm_configuration(self.config)
        return Llm(connect(configuration), Breaker()) if configuration else None

    def guarded(self) -> list[RouteDef]:
        """The console and the API."""
        openid = openid_configuration(self.config)
        gate = Gate(self.database, self.settings, public_url=self.config.public_url)
        console = Console(
            self.database,
            OpenIdProvider(openid) if openid else None,
            Running(channels=self.channels, work=self.hint, posts=self.posts.up),
            self.mailboxes,
            self.evaluator,
            behind_proxy=self.config.public_url is not None,
            private_webhooks=self.config.webhooks_private,
        )
        api = Api(
            self.database,
            self.evaluator,
            posts=self.posts.up,
            works=self.hint,
            private_webhooks=self.config.webhooks_private,
        )
        return [*gate.guard(console.routes(), console.pages), *gate.guard(api.routes(), api.problems)]

    def _channels(self, evaluator: Evaluator) -> dict[str, Channel]:
        on = (self._webchat(), self._mail(), self._slack(evaluator), self._teams(evaluator))
        return {channel.name: channel for channel in on if channel is not None}

    def _slack(self, evaluator: Evaluator) -> Channel | None:
        if not self.config.slack:
            return None
        from adapters.slack.channel import SlackChannel  # noqa: PLC0415 -- the SDK only where it is used

        desk = self._desk(evaluator)
        return SlackChannel(self.database, slack_configuration(self.config), desk=desk, in_force=self._slack_settings)

    def _teams(self, evaluator: Evaluator) -> Channel | None:
        """Raises ConfigError."""
        if not self.config.teams:
            return None
        from adapters.teams.channel import TeamsChannel  # noqa: PLC0415 -- the SDK takes a second and 60 MB

        return TeamsChannel(
            self.database,
            teams_configuration(self.config),
            desk=self._desk(evaluator),
            greeting=self._teams_greeting,
        )

    def _desk(self, evaluator: Evaluator) -> CaseDesk:
        return CaseDesk(self.database, self.settings, evaluator, demo_representatives=self.demo_representatives)

    async def _teams_greeting(self) -> str | None:
        return (await self.settings.recently(self.database)).settings.channels.teams.greeting

    async def _slack_settings(self) -> Watching:
        slack = (await self.settings.recently(self.database)).settings.channels.slack
        return Watching(
            watched=frozenset(slack.watched),
            grouping_seconds=slack.grouping_seconds,
            session_hours=slack.session_hours,
            reaction=slack.reaction,
            triage=slack.triage,
        )

    def _mail(self) -> Channel | None:
        """Raises ConfigError where the mailboxes or their secrets can't be used."""
        if self.config.mailboxes is None:
            return None
        # Here and not above: its libraries take memory and a second, for those who have no mailbox as well.
        from adapters.mail import loading  # noqa: PLC0415
        from adapters.mail.channel import MailChannel  # noqa: PLC0415

        secrets = {name: secret.get_secret_value() for name, secret in self.config.mailbox_secrets.items()}
        try:
            mailboxes = loading.load(self.config.mailboxes, secrets)
        except loading.MailboxesWrong as error:
            raise ConfigError(error.problems) from error
        self.mailboxes |= {mailbox.name: mailbox for mailbox, _ in mailboxes}
        return MailChannel(self.database, mailboxes, representatives=self._mail_representatives)

    def _webchat(self) -> Channel | None:
        secret = webchat_secret(self.config, self.config.directory)
        if secret is None:
            log.warning("webchat_off", mend="Set CASEWRIGHT_WEBCHAT_SECRET to at least 32 random characters.")
            return None
        return WebChat(
            self.database,
            secret=secret,
            is_representative=self._is_representative,
            public_url=self.config.public_url,
            attachment_limit=self.config.attachment_limit,
            demo=self.config.demo,
            commands=[CommandHint(name=each.name, usage=each.usage, summary=each.summary) for each in COMMANDS],
        )

    async def _mail_representatives(self) -> frozenset[str]:
        in_force = await self.settings.recently(self.database)
        return frozenset(each.casefold() for each in in_force.settings.channel("email").representatives)

    async def _is_representative(self, user_id: str) -> bool:
        in_force = await self.settings.recently(self.database)
        return is_representative(Author(id=user_id), "webchat", in_force.settings, self.demo_representatives)

    def hint(self) -> None:
        """There is new work: for this process, and for others on the same database."""
        self.work.up()
        if self.hints is not None:
            self.hints.tell()


async def serve(config: Config, *, web: bool, worker: bool, ready: Callable[[str], None]) -> None:
    """Runs the parts asked for until SIGTERM or SIGINT; `ready` is told the address, or what runs without one.

    Raises store.migrations.DatabaseTooOld and DatabaseTooNew, and OSError where the port is taken.
    """
    stopped = _stop_signal()  # before anybody is told that we run
    database = await asyncio.to_thread(opened, config)
    try:
        app = Application(config, database, works=worker)
        _set_apart()
        async with running(app, web=web, worker=worker) as address:
            ready(address)
            await stopped.wait()
            log.info("stopping")
    finally:
        await asyncio.to_thread(database.close)


def _set_apart() -> None:
    """What was made until now stays to the end: the collector would look through all of it again and again.

    With a channel's SDK loaded, each look stops the process for a tenth of a second and more.
    """
    gc.collect()
    gc.freeze()


def opened(config: Config) -> Database:
    """The database at this version's schema: SQLite is upgraded on the spot, PostgreSQL by `casewright db upgrade`."""
    database = Database(config.database_url.get_secret_value())
    try:
        if database.is_sqlite:
            migrations.upgrade(database)
        else:
            migrations.require_current(database)
        ensure_starter(database)
    except BaseException:
        database.close()
        raise
    return database


@asynccontextmanager
async def running(app: Application, *, web: bool = True, worker: bool = True) -> AsyncGenerator[str]:
    """Starts the parts and yields the address. At the end: nothing new, finish or give back what was begun, let go.

    The death of one part stops all: a process that half works looks healthy and isn't.
    """
    async with asyncio.TaskGroup() as parts, _hinted(app):
        endless = [parts.create_task(app.clock.run(), name="clock")]
        if web:
            endless += [parts.create_task(channel.run(app.intake), name=name) for name, channel in app.channels.items()]
        if worker:
            endless.append(parts.create_task(app.forgetting.run(), name="forgetting"))
            endless.append(parts.create_task(app.counting.run(), name="counting"))
            endless.append(parts.create_task(app.gisting.run(), name="gisting"))
        finishing = [parts.create_task(_work(app), name="work")] if worker else []
        try:
            async with _listening(app) if web else nullcontext("working without an address") as address:
                yield address
            app.worker.stop()
            app.delivery.stop()
            app.webhooks.stop()
            if finishing:
                await asyncio.wait(finishing, timeout=app.config.stop_seconds + 5)
        finally:
            for task in [*endless, *finishing]:
                task.cancel()


async def _work(app: Application) -> None:
    """Handles and posts until told to stop. Others know this process for alive until both have ended."""
    async with alive(app.database) as liveness, asyncio.TaskGroup() as parts:
        parts.create_task(app.worker.run(liveness, stop_seconds=app.config.stop_seconds), name="worker")
        parts.create_task(app.delivery.run(worker=liveness.worker), name="delivery")
        parts.create_task(app.webhooks.run(worker=liveness.worker), name="webhooks")


@asynccontextmanager
async def _hinted(app: Application) -> AsyncGenerator[None]:
    loop = asyncio.get_running_loop()

    def heard() -> None:
        loop.call_soon_threadsafe(app.work.up)

    hints = Hints(app.database, heard)
    app.hints = hints
    hints.start()
    try:
        yield
    finally:
        await asyncio.to_thread(hints.stop)


@asynccontextmanager
async def _listening(app: Application) -> AsyncGenerator[str]:
    routes = server.build(app.database, app.channels, app.metrics, body_limit=BODY_LIMIT, guarded=app.guarded())
    rendering.prepare(routes)
    runner = AppRunner(routes, access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        site = TCPSite(runner, app.config.host, app.config.port)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/"
    finally:
        await runner.cleanup()


def _stop_signal() -> asyncio.Event:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped
