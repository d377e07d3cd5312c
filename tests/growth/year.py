"""A year of an installation: a server whose days go by, what it sends, and all that we do."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from config.calendar import Calendar
from config.watch import watch
from engines import connect
from fakegithub.api.hooks import Hook
from listener.background import housekeeping, spool_drain
from listener.background.spool_drain import SpoolDrain
from rows.github.events import EVENTS
from schema import migrate
from schema.tables.ci import jobs
from store import apply
from store.deliveries.spool import Spool
from store.rollups import make
from store.rollups.spans import RollupPlan
from tests.clocks.showing import showing
from tests.fakegithub.samples import app_of, flow_of, small_world
from tests.healing.installation import Installation, installed
from tests.listener.conftest import intake_for
from tests.listener.sending import SECRET
from tests.store.production_doors import ignore, quarantine, sent

DAY, KEPT = 86_400, 30
PLAN = RollupPlan(Calendar(ZoneInfo("UTC"), time(6)))
MONTH = 30
READING = range(5, 25)
"""The days of each month in which a reader's transaction stays open."""
CYCLE = 3
"""Days from one cycle of the reconciler to the next."""
BEGIN = {
    "sqlite": "BEGIN",
    "mysql": "START TRANSACTION WITH CONSISTENT SNAPSHOT",
    "postgresql": "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
}


@dataclass
class Load:
    """What has come so far: by it tables may grow."""

    days: int = 0
    runs: int = 0
    failed: int = 0
    open: int = 0
    pushes: int = 0
    quarantined: int = 0
    cycles: int = 0
    received: list[int] = field(default_factory=list)
    """Deliveries of each day."""

    @property
    def kept(self) -> int:
        """Deliveries that upkeep, which looks once a day, may have left."""
        return sum(self.received[-KEPT - 2 :])


@dataclass
class Year:
    """An installation, what came to it, and the reader that stays open for some days."""

    here: Installation
    hook: Hook
    spool: Spool
    reader: sa.Connection | None = None
    going: tuple[int, int] | None = None
    load: Load = field(default_factory=Load)

    def now(self) -> datetime:
        """Return the world's time, which all clocks of ours show."""
        return datetime.fromtimestamp(self.here.world.now, UTC).replace(tzinfo=None)

    def live(self, runs: int) -> None:
        """Let a day go by with so many runs."""
        world, load, before = self.here.world, self.load, self.here.world.now
        self.end_going()
        for number in range(runs):
            world.push(app_of(world), f"Change {load.days} {number}", after=60)
            load.runs += 1
            load.pushes += 1
            run = world.trigger(flow_of(world), after=10)
            job = world.queue_job(run, "build", after=1)
            world.start_job(job, after=5)
            if load.runs % 101 == 100:  # its runner was lost
                load.open += 1
                continue
            if number == runs - 1:  # goes on while the reconciler looks
                self.going = (run, job)
                continue
            is_good = load.runs % 10 != 0
            load.failed += not is_good
            world.finish_job(job, None if is_good else "failure", after=60)
            world.finish_run(run, after=1)
        came = self.here.github.hooks.send_due()
        self.here.world.advance(DAY - (world.now - before))
        load.received.append(came + self.receive_others())
        load.days += 1
        self.keep_up()

    def end_going(self) -> None:
        """End the run that went on over night."""
        if self.going is not None:
            run, job = self.going
            self.here.world.finish_job(job, after=60)
            self.here.world.finish_run(run, after=1)
            self.going = None

    def receive_others(self) -> int:
        """Receive what makes no row, what fits none, and what waited in the spool."""
        today, now = self.load.days, self.now()
        one = sent("push", self.here.world.delivery(self.last_push()).payload, f"other {today}")
        delivery = one.delivery._replace(receivetime=now)
        ignore(self.here.engine, delivery, "nobody watches it")
        self.spool.put(delivery._replace(guid=f"spooled {today}"))
        if today % MONTH:
            return 2
        quarantine(self.here.engine, delivery._replace(guid=f"quarantined {today}"))
        self.load.quarantined += 1
        return 2

    def last_push(self) -> int:
        """Return the place of the last push in the world's log."""
        log = self.here.world.log
        return next(place for place in reversed(range(len(log))) if log[place].event == "push")

    def keep_up(self) -> None:
        """Do what the listener and the reconciler do beside receiving."""
        engine = self.here.engine
        breaker = intake_for(engine).breaker
        drain = SpoolDrain(engine, watch(()), self.spool, breaker, lambda: None, Counter())
        while entries := self.spool.take(spool_drain.BATCH):
            spool_drain.step(drain, entries)
        self.spool.shrink()
        if self.load.days % CYCLE == 0:
            self.here.heal()
            self.load.cycles += 1
        while make.remake_changed(engine, PLAN) == make.MARKS:
            continue
        make.make_due(engine, PLAN, MONTH, now=self.now())
        while housekeeping.step(engine, KEPT)[1]:
            continue

    def read(self) -> None:
        """Begin to read, as an analyst does who does not end."""
        engine = sa.create_engine(self.here.engine.url, poolclass=sa.NullPool)
        self.reader = engine.connect()
        self.reader.exec_driver_sql(BEGIN[engine.dialect.name])
        self.reader.execute(sa.select(sa.func.count()).select_from(jobs)).all()

    def end_reader(self) -> None:
        """End the transaction that stayed open."""
        if self.reader is not None:
            self.reader.close()
            self.reader = None

    def go_on(self, days: int, runs: int) -> None:
        """Let days go by, in some of which somebody reads all the time."""
        for _ in range(days):
            if self.load.days % MONTH == READING.start:
                self.read()
            self.live(runs)
            if self.load.days % MONTH == READING.stop:
                self.end_reader()


@contextmanager
def year_of(url: str, folder: Path) -> Iterator[Year]:
    """Give a year that begins, in an empty database."""
    migrate.upgrade(url)
    engine = connect(url)
    world = small_world()
    with ExitStack() as stack:
        stack.callback(apply.CACHES.clear)
        stack.callback(engine.dispose)
        here = stack.enter_context(installed(world, engine))
        hook = here.hook(app_of(world))
        assert hook.events == tuple(EVENTS)
        assert hook.secret == SECRET
        spool = Spool(folder / "spool")
        stack.callback(spool.close)
        year = Year(here, hook, spool)
        stack.callback(year.end_reader)
        stack.enter_context(showing(year.now))
        yield year
