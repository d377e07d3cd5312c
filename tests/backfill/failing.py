"""A served world whose jobs failed, stored as its deliveries told it, to read reasons from."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from backfill.github import failure_reasons
from backfill.github.api_access import RULES
from backfill.http import client as http
from backfill.http import rate_limit
from backfill.http.client import Client
from backfill.http.rate_limit import RateLimit
from backfill.pipeline.due_items import DueItems
from backfill.records import ReasonsRead
from fakegithub.server import Server, serve
from fakegithub.world.world import World
from schema.tables.ci import repos
from schema.tables.failures import failures
from tests.backfill.filling import FAST, deliver, deliveries_of
from tests.fakegithub.samples import app_of, small_world

CODE = "Process completed with exit code 1."
LATER = timedelta(hours=2)
USUAL = "test_things.py::test_{} FAILED"


class Stage(NamedTuple):
    """A world with failed jobs that is served, and stored as its deliveries told it."""

    world: World
    github: Server
    engine: sa.Engine
    client: Client
    jobs: list[int]
    said: list[str]
    due: DueItems

    @property
    def troubles(self) -> list[str]:
        """Return what was said, and what could not be read."""
        with self.engine.connect() as connection:
            numbers = connection.scalars(sa.select(repos.c.Id)).all()
        return [*self.said, *(item for number in numbers for item in self.due.list_open(number))]

    def read(self, requests: int = 100, after: timedelta = LATER, **more: Any) -> ReasonsRead:
        """Read reasons as the reconciler does, some time after the last job ended."""
        with self.engine.connect() as connection:
            found = connection.execute(sa.select(repos.c.Id, repos.c.name))
            names = {number: name for number, name in found}
        now = datetime.fromtimestamp(self.world.now, UTC).replace(tzinfo=None) + after
        return failure_reasons.read_failure_reasons(
            self.engine,
            self.client,
            names,
            now=now,
            requests=requests,
            report=self.said.append,
            due=self.due,
            **more,
        )

    def rows(self, *names: str) -> list[tuple]:
        """Return columns of what is kept, by job and number."""
        columns = [failures.c[name] for name in names]
        query = sa.select(*columns).order_by(failures.c.jobgitid, failures.c.number)
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(query)]


def fail(world: World, run: int, name: str, conclusion: str = "failure") -> int:
    """Let a job end badly."""
    job = world.queue_job(run, name, after=1)
    world.start_job(job, after=5)
    world.finish_job(job, conclusion, after=60)
    return job


def failed_world(*names: str) -> tuple[World, list[int]]:
    """Return a world with a run, its jobs of these names failed one after the other."""
    world = small_world(runs=1)
    (run,) = world.members[("run", app_of(world))]
    jobs = [fail(world, run, name) for name in names]
    world.finish_run(run, after=1)
    return world, jobs


def annotation(message: str, **more: object) -> dict[str, object]:
    """Return an annotation of a failure, of no file unless one is given."""
    usual = {"path": ".github", "start_line": 1, "title": "", "raw_details": ""}
    return {"annotation_level": "failure", "message": message, **usual, **more}


Staged = Callable[..., Any]


def staging(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Staged:
    """Return what serves a world with failed jobs: `with staged("build", "test") as stage`."""
    monkeypatch.setattr(rate_limit, "MINUTE", 60 / FAST)
    monkeypatch.setattr(http, "SECOND", 1 / FAST)

    @contextmanager
    def serving(*names: str, **options: Any) -> Iterator[Stage]:
        world, jobs = failed_world(*names)
        deliver(engine, world, app_of(world), deliveries_of(world, app_of(world)))
        with serve(world, **options) as github:
            github.limits.scale = FAST
            client = Client(github.url, github.token, RateLimit(RULES, lambda why, until: None))
            yield Stage(world, github, engine, client, jobs, [], DueItems(engine))

    return serving


def later(stage: Stage, hours: int) -> None:
    """Let it be some hours later for the pauses of jobs that could not be read."""
    for key, item in list(stage.due.noted().items()):
        stage.due.put(key, item._replace(duetime=item.duetime - timedelta(hours=hours)))
