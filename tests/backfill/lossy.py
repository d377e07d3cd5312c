"""Worlds whose deliveries are partly lost, what audits them, and what must be missing."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Engine

from backfill.audit.verdict import Span
from backfill.github import repository_lookup
from backfill.github.api_access import RULES
from backfill.http.client import Client
from backfill.http.rate_limit import RateLimit
from backfill.pipeline.context import Context
from backfill.pipeline.database_outage import OutageRetry
from backfill.pipeline.due_items import DueItems
from backfill.pipeline.progress_bars import ProgressBars
from backfill.pipeline.thread_pool import ThreadPool
from backfill.pipeline.writer import Writer
from backfill.records import Repository
from fakegithub.server import Server
from fakegithub.world.entities import Change, Push
from fakegithub.world.world import World
from rows.github.events import EVENTS
from store.deliveries.spool import Spool
from store.deliveries.table import Delivery
from tests.store import production_doors

LONG_AGO = datetime(2020, 1, 1)
GONE = "0" * 40
Missing = set[tuple[str, str]]
Lost = Callable[[Change], bool]


@contextmanager
def desk_of(engine: Engine, github: Server) -> Iterator[Context]:
    """Give what an audit works with, on a server whose limits are as fast as the test's."""
    reporter = ProgressBars()
    limits = RateLimit(RULES, lambda why, until: None)
    client = Client(github.url, github.token, limits)
    retry = OutageRetry(reporter.report)
    writer, pool = Writer(engine, reporter.report, retry), ThreadPool(4)
    try:
        yield Context(engine, client, pool, writer, reporter, DueItems(engine))
    finally:
        pool.close()
        writer.close()
    assert reporter.problems == []


def here_of(context: Context, world: World, repo: int) -> Repository:
    """Return the repository of a world."""
    return repository_lookup.find_repository(context, world.repo(repo).full_name)


def everything(world: World) -> Span:
    """Return a span from before a world's first day to a day after its last."""
    return Span(LONG_AGO, naive(world.now + 86_400))


def naive(seconds: int) -> datetime:
    """Return a time of the world in UTC without zone."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def deliver(engine: Engine, world: World, repo: int, lost: Lost = lambda change: False) -> set[int]:
    """Store a repository's deliveries but those that are lost; return the places of the others."""
    came = set()
    for place in places_of(world, repo):
        if not lost(world.log[place]):
            came.add(place)
            one = delivery_at(world, place)
            production_doors.store(engine, one)
    return came


def deliver_somehow(
    engine: Engine, world: World, repo: int, spool: Spool, fate: Callable[[], str]
) -> tuple[set[int], Missing]:
    """Let each delivery be applied, quarantined, spooled or lost, as `fate` says.

    Return the places of those that were applied, and the kinds and guids of those that wait.
    """
    came, waiting = set[int](), set[tuple[str, str]]()
    for place in places_of(world, repo):
        one, word = delivery_at(world, place), fate()
        if word == "applied":
            came.add(place)
            production_doors.store(engine, one)
        elif word == "quarantined":
            production_doors.quarantine(engine, one, "a mistake that was mended since")
        elif word == "spooled":
            spool.put(one)
        if word in ("quarantined", "spooled"):
            waiting.add((word, one.guid))
    return came, waiting


def places_of(world: World, repo: int) -> list[int]:
    """Return the places of a repository's deliveries in the world's log, in order."""
    return [
        place
        for place, change in enumerate(world.log)
        if change.event in EVENTS and change.repo_id == repo
    ]


def delivery_at(world: World, place: int) -> Delivery:
    """Return a delivery as the listener hands it over, received when it happened."""
    sent = world.delivery(place)
    name = str(sent.payload["repository"]["full_name"])
    body = json.dumps(sent.payload).encode()
    time = naive(world.log[place].time)
    return Delivery("github", sent.guid, 1, sent.event, sent.action, name, time, body)


def missing_of(world: World, repo: int, came: set[int]) -> Missing:
    """Return what the deliveries that came do not tell of what GitHub lists, by kind and name.

    Counted from the world's own log: what was told last of each run, attempt, job and branch.
    """
    view = world.at()
    told = [world.log[place] for place in sorted(came)]
    of_runs = [change for change in told if change.event == "workflow_run"]
    runs = {change.key: change.state for change in of_runs}
    attempts = {(change.key, change.state.attempt) for change in of_runs}
    jobs = {change.key: change.state for change in told if change.event == "workflow_job"}
    heads, hashes = dict[str, str | None](), set[str]()
    for change in told:
        if change.kind == "branch" and change.event == "create":
            heads.setdefault(change.key[1], None)
        if change.kind == "branch" and change.event == "delete":
            heads[change.key[1]] = GONE
        if change.event == "push" and isinstance(change.detail, Push):
            hashes |= {*change.detail.commits, change.detail.head or ""}
            if change.detail.ref.startswith("refs/heads/"):
                heads[change.detail.ref.removeprefix("refs/heads/")] = change.detail.after
    missing: Missing = set()
    for run in view.runs(repo):
        if run.id not in runs:
            missing.add(("run", str(run.id)))
            continue
        numbers = range(1, run.attempt + 1)
        missing |= {("attempt", f"{run.id}/{n}") for n in numbers if (run.id, n) not in attempts}
        if runs[run.id].attempt == run.attempt and runs[run.id].status != run.status:
            missing.add(("run state", str(run.id)))
        for job in view.jobs(run.id):
            if job.id not in jobs:
                missing.add(("job", str(job.id)))
            elif weight(jobs[job.id].status) < weight(job.status):
                missing.add(("job state", str(job.id)))
    return missing | missing_of_git(world, repo, heads, hashes)


def weight(status: str) -> int:
    """Return how far a job is: no delivery tells a job that waits from one that is queued."""
    return {"in_progress": 1, "completed": 2}.get(status, 0)


def missing_of_git(
    world: World, repo: int, heads: dict[str, str | None], hashes: set[str]
) -> Missing:
    """Return the branches and commits that no push told of."""
    view = world.at()
    missing: Missing = set()
    live = {branch.name: branch.sha for branch in view.branches(repo)}
    for name, sha in live.items():
        if heads.get(name, GONE) == GONE:
            missing.add(("branch", name))
        elif heads[name] != sha:
            missing.add(("head", name))
        missing |= {("commit", one.sha) for one in view.commits(sha) if one.sha not in hashes}
    missing |= {("branch", name) for name, sha in heads.items() if sha != GONE and name not in live}
    return missing
