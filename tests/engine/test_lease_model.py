"""Leases against a model: whatever two workers do, in whichever order, each event is applied once and in order."""

from dataclasses import dataclass, field
from functools import partial

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, insert, select, update

from store import work
from store.engine import Connection
from store.model import ConversationId
from store.schema import conversations, inbox
from store.work import MAX_ATTEMPTS, SUSPECT_AFTER, Claim, LostLease
from tests.engine.scene import Scene
from tests.engine.scratch import applied

MOST = 3  # events per claim
workers = st.sampled_from([1, 2])
lines = st.sampled_from(["a", "b", "c"])


@dataclass(kw_only=True, slots=True)
class Expected:
    """An event as it must be."""

    id: int
    status: str = "ready"
    attempts: int = 0
    waits: bool = False
    failed: bool = False  # rather than died

    @property
    def is_suspect(self) -> bool:
        return self.attempts >= SUSPECT_AFTER and not self.failed


@dataclass(kw_only=True, slots=True)
class Line:
    events: list[Expected] = field(default_factory=list[Expected])
    token: int | None = None  # of the claim that may finish
    owner: int | None = None
    expired: bool = False

    def head(self) -> Expected | None:
        """What is next; those on the way to it that have died too often are given up."""
        for event in self.events:
            if event.status == "ready" and event.attempts < MAX_ATTEMPTS:
                return event
            if event.status == "ready":
                event.status = "dead"
        return None

    def free(self) -> None:
        self.token, self.owner, self.expired = None, None, False


class Leases(RuleBasedStateMachine):
    """A claim is settled once, perhaps long after another worker has taken over."""

    claims: Bundle[Claim] = Bundle("claims")

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.scene = scene
        self.database = scene.database
        self.names: dict[ConversationId, str] = {}
        self.lines: dict[str, Line] = {name: Line() for name in "abc"}
        self.database.write_now(clear)

    @rule(line=lines)
    def accept(self, line: str) -> None:
        [event_id] = self.scene.accept(line, "")
        self.lines[line].events.append(Expected(id=event_id))
        [row] = self.scene.rows(select(conversations).where(conversations.c.key == line))
        self.names[row.id] = line

    @rule(target=claims, worker=workers)
    def claim(self, worker: int) -> MultipleResults[Claim]:
        return multiple(*self._claim(worker))

    def _claim(self, worker: int) -> list[Claim]:
        claimed = self.database.write_now(partial(work.claim, worker=worker, seconds=300, limit=10))
        assert sum(each.event.suspect for each in claimed) <= 1
        for each in claimed:
            line = self.lines[self.names[each.lease.conversation_id]]
            assert line.token is None or line.expired
            self._expect_begun(line, each)
            line.owner, line.expired = worker, False
        taken = {self.names[each.lease.conversation_id] for each in claimed}
        for name, line in self.lines.items():
            if name not in taken and (line.token is None or line.expired):
                self._expect_left(line)
        return claimed

    def _expect_begun(self, line: Line, claimed: Claim) -> None:
        head = line.head()
        assert head
        assert not head.waits
        assert claimed.event.suspect == head.is_suspect
        head.attempts, head.failed = head.attempts + 1, False
        assert (claimed.event.id, claimed.event.attempts) == (head.id, head.attempts)
        line.token = claimed.lease.token

    def _expect_left(self, line: Line) -> None:
        """A free line that was not claimed has nothing due, or waits for another suspect."""
        head = line.head()
        assert head is None or head.waits or head.is_suspect
        if line.expired:
            line.free()  # it was claimed, and released with nothing begun

    @rule(target=claims, claim=consumes(claims))
    def finish(self, claim: Claim) -> MultipleResults[Claim]:
        following = self._finish(claim)
        return multiple(following) if following else multiple()

    def _finish(self, claim: Claim) -> Claim | None:
        line = self.lines[self.names[claim.lease.conversation_id]]
        write = partial(write_down, claim=claim)
        finish = partial(work.finish, lease=claim.lease, event=claim.event, apply=write, most=MOST)
        try:
            following = self.database.write_now(finish)
        except LostLease:
            assert line.token != claim.lease.token
            return None
        assert line.token == claim.lease.token
        self._event(line, claim).status = "done"
        if following is None:
            head = line.head() if claim.lease.handled + 1 < MOST else None
            assert head is None or head.waits
            line.free()
        else:
            self._expect_begun(line, following)
        return following

    def _event(self, line: Line, claim: Claim) -> Expected:
        return next(event for event in line.events if event.id == claim.event.id)

    @rule(claim=consumes(claims), retry=st.sampled_from([None, 0, 600]))
    def fail(self, claim: Claim, retry: float | None) -> None:
        line = self.lines[self.names[claim.lease.conversation_id]]
        fail = partial(work.fail, lease=claim.lease, event=claim.event, error="told", error_id="1", retry=retry)
        try:
            self.database.write_now(fail)
        except LostLease:
            assert line.token != claim.lease.token
            return
        event = self._event(line, claim)
        event.failed, event.waits = True, bool(retry)
        event.status = "dead" if retry is None else "ready"
        line.free()

    @rule(claim=consumes(claims))
    def give_back(self, claim: Claim) -> None:
        line = self.lines[self.names[claim.lease.conversation_id]]
        try:
            self.database.write_now(partial(work.give_back, lease=claim.lease, event=claim.event))
        except LostLease:
            assert line.token != claim.lease.token
            return
        self._event(line, claim).attempts -= 1
        line.free()

    @rule(worker=workers, forgotten=st.sets(lines))
    def renew(self, worker: int, forgotten: set[str]) -> None:
        held = [key for key, name in self.names.items() if name not in forgotten]
        self.database.write_now(partial(work.renew, worker=worker, seconds=300, held=held))
        for name, line in self.lines.items():
            if line.owner == worker:
                line.expired = False
                if name in forgotten:
                    line.free()

    @rule(worker=workers)
    def die(self, worker: int) -> None:
        self.database.write_now(partial(work.free_leases_of, worker=worker))
        for line in self.lines.values():
            if line.owner == worker:
                line.free()

    @rule()
    def let_leases_expire(self) -> None:
        held = conversations.c.lease_owner.is_not(None)
        past = update(conversations).where(held).values(lease_until=conversations.c.created_at)
        self.database.write_now(lambda connection: connection.execute(past))
        for line in self.lines.values():
            line.expired = line.token is not None

    @rule()
    def let_time_pass(self) -> None:
        self.scene.bring_forward()
        for line in self.lines.values():
            for event in line.events:
                event.waits = False

    def teardown(self) -> None:
        for worker in (1, 2):
            self.die(worker)
        for _ in range(3 * sum(len(line.events) for line in self.lines.values())):
            self.let_time_pass()
            for claimed in self._claim(1):
                following: Claim | None = claimed
                while following:
                    following = self._finish(following)
        assert self.scene.events("ready") == []
        done = [row.event_id for row in self.scene.applied()]
        for line in self.lines.values():
            assert [event.id for event in line.events if event.status == "done"] == [
                event_id for event_id in done if event_id in {event.id for event in line.events}
            ]
            assert {event.id: (event.status, event.attempts) for event in line.events} == {
                row.id: (row.status, row.attempts)
                for row in self.scene.events("ready", "done", "dead")
                if row.id in {event.id for event in line.events}
            }


def clear(connection: Connection) -> None:
    for table in (applied, inbox, conversations):
        connection.execute(delete(table))


def write_down(connection: Connection, claim: Claim) -> None:
    row = {"event_id": claim.event.id, "conversation_id": claim.lease.conversation_id, "text": "", "pid": 0}
    connection.execute(insert(applied).values(row))


def test_each_event_is_applied_once_and_in_order_whatever_two_workers_do(scene: Scene) -> None:
    class LeasesHere(Leases):
        def __init__(self) -> None:
            super().__init__(scene)

    run_state_machine_as_test(LeasesHere, settings=settings(max_examples=15, stateful_step_count=30))
