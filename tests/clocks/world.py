"""A listener's machine whose clock lies for a while, and what its server sends meanwhile."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, select

from engines import connect, lease
from engines.kind import KINDS
from engines.lease import Lease
from fakegithub.payloads.events import ZERO_SHA, commit, push_event
from fakegithub.payloads.templates import iso
from listener.background import housekeeping
from schema import migrate
from schema.tables.ci import branches, workflowruns
from schema.tables.deliveries import deliveries
from schema.tables.reconciler import leases
from store import apply
from tests.store.production_doors import Sent, sent, store
from tests.stories.story import HERE, run_sent, the_run

BEGIN = datetime(2026, 3, 2, 12)
DAYS, KEPT = 125, 30
DAY, LOOK = timedelta(days=1), timedelta(hours=20)
LEASE_SECONDS = 30.0
FAULTS = {
    "40 days ahead for seconds": (timedelta(days=40), timedelta(seconds=40)),
    "40 days ahead for hours": (timedelta(days=40), timedelta(hours=20)),
    "years ahead at boot": (timedelta(days=9000), timedelta(hours=2)),
    "an hour ahead": (timedelta(hours=1), timedelta(days=20)),
    "an hour back": (-timedelta(hours=1), timedelta(days=20)),
    "40 days back at boot": (-timedelta(days=40), timedelta(hours=20)),
    "two machines, an hour apart": (timedelta(0), timedelta(days=20)),
    "1970 at boot": (datetime(1970, 1, 1) - BEGIN, timedelta(hours=2)),
}
"""How wrong a clock is, and for how long at most."""


class Fault(NamedTuple):
    """A clock that is `wrong` from `begin` to `end`, of true time."""

    name: str
    wrong: timedelta
    begin: datetime
    end: datetime


class Outcome(NamedTuple):
    """What a fault cost: deliveries dropped too soon, kept for ever, leases held by nobody, rows.

    `rows` are runs and branches that are not shown as they are at the server.
    """

    fault: str
    received: int
    dropped: int
    kept: int
    leases: int
    rows: int

    @property
    def is_well(self) -> bool:
        """Whether it cost nothing."""
        return not any(self[2:])


class Machine:
    """A listener's machine and its store, at a true time, and what its clock shows."""

    def __init__(self, engine: Engine, fault: Fault) -> None:
        self.engine = engine
        self.fault = fault
        self.time = BEGIN
        self.received: dict[str, datetime] = {}
        self.dropped = self.leases = 0

    def shows(self) -> datetime:
        """Return what its clock shows."""
        is_wrong = self.fault.begin <= self.time < self.fault.end
        return self.time + self.fault.wrong if is_wrong else self.time

    def receive(self, one: Sent) -> None:
        """Store a delivery that comes now."""
        is_other = self.fault.name.startswith("two") and len(self.received) % 2
        apart = timedelta(hours=1) if is_other else timedelta(0)
        delivery = one.delivery._replace(receivetime=self.shows() + apart)
        self.received[delivery.guid] = self.time
        assert store(self.engine, delivery) == "applied"

    def look(self) -> None:
        """Do the upkeep of a listener, and count what it should have kept."""
        while housekeeping.step(self.engine, KEPT)[1]:
            continue
        left = self.kept()
        for guid, time in list(self.received.items()):
            if guid not in left:
                self.dropped += time > self.time - (KEPT - 1) * DAY
                del self.received[guid]

    def kept(self) -> set[str]:
        """Return the guids of the deliveries that are kept."""
        with self.engine.connect() as connection:
            return set(connection.scalars(select(deliveries.c.guid)))

    def take_lease(self, holder: str) -> bool:
        """Take the lease of the reconciler as a process that dies with it."""
        return lease.take(Lease(self.engine, leases, "reconcile", holder), LEASE_SECONDS)


def befall(folder: Path, seed: int) -> Outcome:
    """Let a some months go by, with one fault in them, and return what it cost."""
    chance = random.Random(seed)
    name = list(FAULTS)[seed % len(FAULTS)]
    wrong, longest = FAULTS[name]
    begin = BEGIN if name.endswith("at boot") else BEGIN + chance.uniform(5, 40) * DAY
    fault = Fault(name, wrong, begin, begin + chance.uniform(0.3, 1) * longest)
    engine = connect(f"sqlite:///{folder}/clocks.db")
    machine = Machine(engine, fault)
    try:
        with clock_of(machine):
            migrate.upgrade(str(engine.url))
            return live(machine, chance)
    finally:
        engine.dispose()
        apply.CACHES.clear()


def live(machine: Machine, chance: random.Random) -> Outcome:
    """Receive, look and take leases for a some months; what is missing of it at the end?"""
    fault, pushes, runs, total = machine.fault, list[str](), list[int](), 0
    odd = chance.randrange(DAYS - 10)
    events = [(BEGIN + chance.uniform(day, day + 1) * DAY, "day", day) for day in range(DAYS)]
    looks = DAYS * 24 // 20
    events += [(BEGIN + number * LOOK, "look", number) for number in range(looks)]
    events += [(fault.begin + (fault.end - fault.begin) * part, "fault", 0) for part in (0.2, 0.9)]
    events += [(fault.end + timedelta(minutes=1), "end", 0)]
    for time, what, number in sorted(events):
        machine.time = time
        if what == "look":
            machine.look()
        elif what == "day":
            for one in told(number, pushes, runs, time, is_odd=number == odd):
                machine.receive(one)
                total += 1
        elif what == "fault":
            if chance.random() < 0.7:
                machine.receive(push_of(pushes, time, f"push in the fault {total}"))
                total += 1
            machine.take_lease("a process that was killed")
            machine.look()
        else:
            machine.leases += not machine.take_lease("the next process")
            machine.look()
    with machine.engine.connect() as connection:
        head = connection.scalar(select(branches.c.headhash))
        going = select(workflowruns.c.gitid).where(workflowruns.c.status != "completed")
        rows = (head != pushes[-1]) + len(connection.scalars(going).all())
    old = machine.time - (KEPT + 3) * DAY
    kept = sum(time < old for time in machine.received.values())
    return Outcome(fault.name, total, machine.dropped, kept, machine.leases, rows)


def told(
    day: int, pushes: list[str], runs: list[int], time: datetime, *, is_odd: bool
) -> Iterator[Sent]:
    """Yield what the server sends on a day; its own clock is years ahead of one `odd` record."""
    ahead = timedelta(days=9000) if is_odd else timedelta(0)
    if day % 2:
        yield push_of(pushes, time + ahead, f"push of day {day}")
        if is_odd:
            yield push_of(pushes, time, f"another push of day {day}")
        return
    runs.append(day)
    run = {"id": 1000 + day, "created_at": time.replace(tzinfo=UTC) - timedelta(minutes=9)}
    going = the_run("12:00:00", **run, status="in_progress")
    ended = the_run("12:00:00", **run, status="completed", conclusion="success")
    for action, about, at in (("in_progress", going, time + ahead), ("completed", ended, time)):
        event, body = run_sent(action, {**about, "updated_at": iso(at.replace(tzinfo=UTC))})
        yield sent(event, body, f"run {day} {action}", time)


def push_of(pushes: list[str], time: datetime, guid: str) -> Sent:
    """Return the next push to the branch."""
    here = {**HERE, "pushed_at": iso(time.replace(tzinfo=UTC))}
    after = f"{len(pushes) + 1:040x}"
    before = pushes[-1] if pushes else ZERO_SHA
    pushes.append(after)
    head = commit(repository=here, sha=after, message="Change", time=time.replace(tzinfo=UTC))
    return sent("push", push_event(repository=here, before=before, commits=[head]), guid, time)


@contextmanager
def clock_of(machine: Machine) -> Iterator[None]:
    """Let the database's clock be the machine's."""
    usual = KINDS["sqlite"]
    KINDS["sqlite"] = replace(usual, now=lambda _: machine.shows())
    try:
        yield
    finally:
        KINDS["sqlite"] = usual
