"""The month before the demo's day: repositories whose nights fail, go on failing, and are fixed."""

from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from sqlalchemy import Engine

from demo import reasons
from demo.day import play_day
from fakegithub.world.history import PEOPLE, SYSTEMS, Life, branch_life, play, run_life
from fakegithub.world.world import Delivery, World
from rows.github.events import rows_for
from store.doors import api

DAYS = 29
RUNS = 260
JOBS = 4
TODAY_SECONDS, TODAY_RUNS = 17 * 3600, 30
"""Within what time of the day runs begin; the last of them need some more to end."""
BATCH = 200
LONGEST = timedelta(hours=30)
"""How long the day takes that follows."""
NIGHT = 90
"""Seconds of a nightly job."""
HEALTH = {"app-1": (0,), "app-2": (0, 1, 2, 3), "website": (1, 2, 11)}
"""How many nights ago the nightly run of a repository failed: new, still failing, and fixed."""

Places = dict[str, tuple[int, list[int], int]]
"""A repository's id, its workflows, the nightly one first, and a fork, by its name."""


def begun(start: datetime) -> datetime:
    """Return when the month began."""
    return start - timedelta(days=DAYS)


def last_night(start: datetime) -> datetime:
    """Return when the last nightly runs began: hours before the day's end, in the newest night."""
    end = start + LONGEST
    hour = end.replace(minute=30, second=0, microsecond=0)
    if end.hour >= 4:
        return hour.replace(hour=2)
    return hour.replace(hour=22) - timedelta(days=1)


def nights(start: datetime, is_before: bool) -> list[tuple[int, datetime]]:
    """Return the nights before the day, or those of it: how long ago, and when."""
    last = last_night(start)
    times = [(ago, last - timedelta(days=ago)) for ago in range(DAYS + 1, -1, -1)]
    return [(ago, time) for ago, time in times if (time < start) == is_before]


def nightly_life(world: World, flow: int, name: str, ago: int) -> Life:
    """Play one nightly run with a job on Linux and one on Windows."""
    run = world.trigger(flow, event="schedule")
    jobs = [
        world.queue_job(run, f"integration ({labels[0]})", labels=labels)
        for labels in (SYSTEMS[0], SYSTEMS[2])
    ]
    yield 5
    for job in jobs:
        world.start_job(job)
    yield NIGHT + 5 * (ago % 7)
    is_bad = ago in HEALTH.get(name, ())
    world.finish_job(jobs[0], "failure" if is_bad else "success")
    world.finish_job(jobs[1], "success")
    yield 2
    world.finish_run(run)


class Span(NamedTuple):
    """A span of time: how many seconds runs begin in, how many runs, and its nights."""

    seconds: int
    runs: int
    nights: list[tuple[int, datetime]]


def play_span(world: World, random: Random, places: Places, span: Span) -> None:
    """Play pushes, runs at any time, and the nightly runs of a span that begins now."""
    lives: list[tuple[int, Life]] = []
    names = list(places)
    for repo, _, _ in places.values():
        lives.append((1, branch_life(world, random, repo, max(1, span.seconds // 86_400))))
    for place in range(span.runs):
        _, flows, fork = places[names[place % len(names)]]
        life = run_life(world, random, random.choice(flows[1:]), fork, JOBS)
        lives.append((random.randrange(60, span.seconds), life))
    for ago, time in span.nights:
        wait = max(1, round(time.timestamp()) - world.now)
        lives += [
            (wait, nightly_life(world, flows[0], name, ago))
            for name, (_, flows, _) in places.items()
        ]
    play(world, lives)


def world_of(start: datetime) -> World:
    """Return the world of a month, and of a day after it that began at `start`."""
    world, random = World(seed=20, start=begun(start)), Random(20)  # noqa: S311 - made up
    places = settle(world)
    past = Span(DAYS * 86_400 - 40_000, RUNS, nights(start, is_before=True))
    play_span(world, random, places, past)
    world.advance(max(0, round(start.timestamp()) - world.now))
    repo, flows, _ = places["website"]
    play_day(world, repo, flows[1])
    today = Span(TODAY_SECONDS, TODAY_RUNS, nights(start, is_before=False))
    play_span(world, random, places, today)
    return world


def settle(world: World) -> Places:
    """Make the repositories, each with workflows, the nightly one first, and a fork."""
    places: Places = {}
    for name in HEALTH:
        repo = world.create_repo(f"demo-org/{name}")
        fork = world.create_repo(f"contributor/{name}", owner_type="User", fork=True, after=1)
        flows = [world.add_workflow(repo, flow) for flow in ("Nightly", "CI", "Lint", "Deploy")]
        author, email, login = PEOPLE[1]
        for target in (repo, fork):
            world.push(target, "Initial commit", author=author, email=email, login=login, after=1)
        world.create_branch(fork, "patch-1")
        places[name] = repo, flows, fork
    return places


def store(engine: Engine, happened: list[Delivery]) -> None:
    """Store what happened as pages of the API would bring it, and what its failed jobs say."""
    for begin in range(0, len(happened), BATCH):
        part = happened[begin : begin + BATCH]
        api.write(engine, [api.Read(rows_for(one.event, one.payload)) for one in part])
    reasons.tell(engine)
