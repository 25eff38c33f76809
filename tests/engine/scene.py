"""The parent's side: a database, children that work on it, and what must hold when all is done."""

import multiprocessing
import os
import signal
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Self

import psutil
from sqlalchemy import Row, Select, exists, or_, select, text, update

from store import work
from store.engine import Connection, Database
from store.model import ConversationId
from store.schema import conversations, inbox, outbox, timers
from store.sql import now
from tests.engine import child
from tests.engine.child import Death, Plan
from tests.engine.scratch import Gate, Line, applied, message, recorded

# A fork of a process that has imported everything starts at once, and is a process as mortal as any.
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["__main__", child.__name__])


class Scene:
    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.gate = Gate(folder)
        self.database = Database(url)
        self.children: list[BaseProcess] = []
        self._accepted: defaultdict[str, list[str]] = defaultdict(list)
        self.database.write_now(applied.metadata.create_all)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.children:
            each.kill()
            each.join()
            each.close()
        self.database.write_now(applied.metadata.drop_all)
        self.database.close()

    # --- what is done to it ---

    def accept(self, conversation: str, *orders: str) -> list[int]:
        """Stores one message per order, numbered within the conversation; returns the inbox ids."""
        return [self._accept(conversation, order) for order in orders]

    def _accept(self, conversation: str, order: str) -> int:
        earlier = self._accepted[conversation]
        inbound = message(conversation, len(earlier), order)
        earlier.append(inbound.text)
        return self.database.write_now(partial(work.accept, inbound=inbound))

    def accept_again(self, conversation: str, number: int) -> None:
        """Raises store.work.Duplicate."""
        self.database.write_now(partial(work.accept, inbound=message(conversation, number)))

    def start(
        self,
        *,
        lease_seconds: float = 300,
        post_lease_seconds: float = 3,
        busy_milliseconds: int | None = None,
        death: Death | None = None,
    ) -> BaseProcess:
        plan = Plan(
            url=self.url,
            folder=self.folder,
            lease_seconds=lease_seconds,
            post_lease_seconds=post_lease_seconds,
            busy_milliseconds=busy_milliseconds,
            death=death,
        )
        process = processes.Process(target=child.run, args=[plan])
        process.start()
        self.children.append(process)
        return process

    def pause(self, process: BaseProcess) -> bool:
        """Stops it, unless it is in the middle of a transaction: one would have to wait for that to happen."""
        pid = process.pid or 0
        os.kill(pid, signal.SIGSTOP)
        if psutil.Process(pid).status() == psutil.STATUS_STOPPED and self._no_transaction_is_open():
            return True
        os.kill(pid, signal.SIGCONT)
        return False

    def _no_transaction_is_open(self) -> bool:
        if self.database.is_sqlite:
            return self._is_writable()
        others = text(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
        )
        return self.database.read_now(lambda connection: connection.execute(others).scalar_one()) == 0

    def _is_writable(self) -> bool:
        with closing(sqlite3.connect(self.database.url.database or "", timeout=0)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
        return True

    def bring_forward(self) -> None:
        """Everything that waits for its time is due now."""

        def write(connection: Connection) -> None:
            for table, column in (
                (conversations, conversations.c.ready_at),  # first, as the engine locks them
                (inbox, inbox.c.due_at),
                (outbox, outbox.c.due_at),
            ):
                connection.execute(update(table).where(column > now(connection)).values({column: now(connection)}))

        self.database.write_now(write)

    # --- what can be seen of it ---

    def rows(self, query: Select[Any]) -> list[Row[Any]]:
        return self.database.read_now(lambda connection: list(connection.execute(query)))

    def events(self, *statuses: str) -> list[Row[Any]]:
        return self.rows(select(inbox).where(inbox.c.status.in_(statuses)).order_by(inbox.c.id))

    def posts(self, *statuses: str) -> list[Row[Any]]:
        return self.rows(select(outbox).where(outbox.c.status.in_(statuses)).order_by(outbox.c.id))

    def log_of(self, process: BaseProcess) -> str:
        return (self.folder / f"log-{process.pid}").read_text()

    def lines(self) -> list[Line]:
        return recorded(self.folder)

    def applied(self) -> list[Row[Any]]:
        return self.rows(select(applied).order_by(applied.c.id))

    def leases(self) -> list[Row[Any]]:
        return self.rows(select(conversations).where(conversations.c.lease_owner.is_not(None)))

    def drained(self) -> bool:
        """One look at everything at once: between two, a timer could become an event and be seen in neither."""
        waiting = or_(
            exists().where(inbox.c.status == "ready"),
            exists(select(timers.c.kind)),
            exists().where(outbox.c.status.in_(["queued", "sending"])),
            exists().where(conversations.c.lease_owner.is_not(None)),
        )
        return not self.rows(select(waiting))[0][0]

    def sending(self) -> set[str]:
        """The keys of the posts that are on their way, or were when their sender died."""
        return {post.key for post in self.posts("sending")}

    def repeated(self) -> set[str]:
        keys = [line.key for line in self.lines()]
        return {key for key in keys if keys.count(key) > 1}

    def faults(self, *, dead: Iterable[int] = ()) -> dict[str, object]:
        """Everything that is not as it must be once all is done; `dead` are the events meant to be given up."""
        handled = [row.event_id for row in self.applied()]
        expected = [row.id for row in self.rows(select(inbox).order_by(inbox.c.id)) if row.id not in set(dead)]
        found = {
            "lost events": sorted(set(expected) - set(handled)),
            "applied twice": sorted({event for event in handled if handled.count(event) > 1}),
            "not done": [row.id for row in self.events("ready", "dead") if row.id not in set(dead)],
            "out of order": self._disorder(),
            "timers lost": self._lost_timers(),
            **self._faulty_posts(),
        }
        return {what: which for what, which in found.items() if which}

    def _disorder(self) -> dict[str, list[str]]:
        """Messages in another order than they were accepted in."""
        dead = {row.payload["external_id"] for row in self.events("dead")}
        names = {row.id: row.key for row in self.rows(select(conversations))}
        seen: defaultdict[str, list[str]] = defaultdict(list)
        for row in self.applied():
            if row.text != "quiet":
                seen[names[row.conversation_id]].append(row.text)
        wrong: dict[str, list[str]] = {}
        for key, texts in self._accepted.items():
            alive = [each for number, each in enumerate(texts) if f"{key}/{number}" not in dead]
            if seen[key] != alive:
                wrong[key] = seen[key]
        return wrong

    def _lost_timers(self) -> list[ConversationId]:
        """Conversations in which a timer was set and none fired afterwards."""
        waiting: set[ConversationId] = set()
        for row in self.applied():
            if row.text.endswith("timer"):
                waiting.add(row.conversation_id)
            if row.text == "quiet":
                waiting.discard(row.conversation_id)
        return sorted(waiting)

    def _faulty_posts(self) -> dict[str, object]:
        lines = self.lines()
        first: dict[str, Line] = {}
        repeats = [line for line in lines if first.setdefault(line.key, line) is not line]
        order: defaultdict[str, list[int]] = defaultdict(list)
        for line in first.values():
            order[line.conversation].append(int(line.key.removeprefix("post-")))
        return {
            "posts lost": sorted({post.key for post in self.rows(select(outbox))} - set(first)),
            "events without a post": sorted(
                {row.event_id for row in self.applied()} - {int(key.removeprefix("post-")) for key in first}
            ),
            "posts out of order": {key: ids for key, ids in order.items() if ids != sorted(ids)},
            "repeated without a mark": [line for line in repeats if not line.uncertain],
            "not delivered": [post.key for post in self.posts("queued", "sending", "dead")],
        }
