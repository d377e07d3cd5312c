"""The world: one history that can be asked for its webhook deliveries and for its REST answers.

    world = World(seed=1)
    app = world.create_repo("octo-org/app")
    ci = world.add_workflow(app, "CI")
    world.push(app, "First commit", after=60)
    run = world.trigger(ci, after=2)
    build = world.queue_job(run, "build", after=1)
    world.start_job(build, after=6)
    world.finish_job(build, "success", after=120)
    world.finish_run(run, after=1)
    [delivery.event for delivery in world.deliveries()]   # what GitHub sends, in order
    world.at().run(run)                                   # what GitHub answers

The same seed and the same calls give the same world, to the byte.
"""

import hashlib
import uuid
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime

from fakegithub.payloads.templates import Json
from fakegithub.world import webhooks
from fakegithub.world.ledger import Ledger
from fakegithub.world.runs import Runs
from fakegithub.world.shapes import moment
from fakegithub.world.view import View


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as GitHub sends it to each hook that asks for it; the payload is made on demand."""

    event: str
    action: str | None
    time: datetime
    repository_id: int
    place: int
    world: Ledger

    @property
    def guid(self) -> str:
        """Return the delivery's GUID: the same for all hooks, and when it is sent again."""
        digest = hashlib.sha256(f"{self.world.seed} {self.place}".encode()).digest()
        return str(uuid.UUID(bytes=digest[:16], version=4))

    @property
    def payload(self) -> Json:
        """Return the payload, new each time."""
        return webhooks.payload_of(self.world, self.place)


class World(Runs):
    """Repositories, branches, commits, workflows, runs and jobs with a clock of their own."""

    def deliveries(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        repo_id: int | None = None,
        events: Container[str] | None = None,
    ) -> Iterator[Delivery]:
        """Yield what GitHub sends, in order of happening; both ends of the time included."""
        first = 0 if since is None else self.seq_at(int(since.timestamp()) - 1)
        last = self.seq_at(None if until is None else int(until.timestamp()))
        for place in range(first, last):
            change = self.log[place]
            if change.event is None or (events is not None and change.event not in events):
                continue
            if repo_id in (None, change.repo_id):
                yield self.delivery(place)

    def delivery(self, place: int) -> Delivery:
        """Return the delivery of the log's entry at `place`."""
        change = self.log[place]
        return Delivery(
            event=str(change.event),
            action=change.action,
            time=moment(change.time),
            repository_id=change.repo_id,
            place=place,
            world=self,
        )

    def at(self, time: datetime | int | None = None, *, retention_days: int | None = None) -> View:
        """Return the world as it is at a time (None: now), with GitHub's retention if given."""
        seconds = int(time.timestamp()) if isinstance(time, datetime) else time
        now = self.now if seconds is None else seconds
        horizon = None if retention_days is None else now - retention_days * 86_400
        return View(self, self.seq_at(seconds), horizon=horizon)
