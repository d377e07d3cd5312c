"""GitLab's part of the demo: two projects of a group, with nights, children, and warnings.

Their month is stored as readings of the API bring it; what the newest day has is sent as hooks.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from demo.month import DAYS, HEALTH, LONGEST, last_night
from fakegitlab.director import Director
from fakegitlab.hooks import Hook, hooks_of, push_hook
from fakegitlab.life import JobLife, Life, Mark
from fakegitlab.world import Json, Project, World
from rows.sources import source_of
from store.doors import api

SERVER = "https://gitlab.example.org"
HEALTH_BY_PATH = {"shop/backend/api": HEALTH["app-2"], "shop/backend/search": (1, 2)}
"""How many nights ago a nightly pipeline failed."""
WARNED = (0, 5, 9)
"""How many nights ago a job failed that may, or was tried again."""
NIGHTLY = "Nightly"
SYSTEMS = ("linux", "windows")
BATCH = 40


class Night:
    """Plays nightly pipelines of a project, as it is told."""

    def __init__(self, world: World, project: Project) -> None:
        self.world, self.project = world, project

    def play(self, source: str, *, fails: bool = False, warns: bool = False) -> Life:
        """Play a pipeline to its end: a job on each system, one that may fail, and a report."""
        director = Director(self.world, self.project, random.Random(self.world.last))  # noqa: S311
        fixed, begin = self.world.new_pipeline(self.project, source), self.world.now
        for place, system in enumerate(SYSTEMS):
            job = director.new_job(f"integration ({system})", "test", begin)
            job.system = system
            end = ran(job, begin, 90 + 20 * place, "failed" if fails and not place else "success")
        if warns and not fails:
            flaky = director.new_job("smoke", "test", begin)
            ended = ran(flaky, begin, 20, "failed")
            end = max(end, ran(director.new_job("smoke", "test", ended), ended, 25, "success"))
        report = director.new_job("report", "report", begin)
        if fails:
            report.marks.append(Mark(end, "skipped"))
        else:
            end = ran(report, end, 15, "success")
        return director.settle(fixed, end)


def ran(job: JobLife, time: int, seconds: int, status: str) -> int:
    """Let a job run; return when it ended."""
    job.marks += [Mark(time, "pending"), Mark(time + 4000, "running")]
    job.marks.append(Mark(time + 4000 + 1000 * seconds, status))
    return job.marks[-1].time


def milliseconds(time: datetime) -> int:
    """Return a time as the world counts it."""
    return round(time.timestamp() * 1000)


def world_of(start: datetime) -> World:
    """Return a world whose last night is that of a day that began at `start`."""
    world = World(SERVER, start=milliseconds(start - timedelta(days=DAYS + 1)))
    last = last_night(start)
    for path in HEALTH_BY_PATH:
        world.add_project(path)
    for ago in range(DAYS, -1, -1):
        for place, project in enumerate(world.projects.values()):
            night = Night(world, project)
            world.now = milliseconds(last - timedelta(days=ago, minutes=5 * place))
            is_bad = ago in HEALTH_BY_PATH[project.path]
            parent = night.play("schedule", fails=is_bad, warns=ago in WARNED)
            if place == 0:
                make_child(world, project, parent)
            world.now = milliseconds(last - timedelta(days=ago) + timedelta(hours=8))
            if world.now < milliseconds(start + LONGEST - timedelta(hours=1)):
                night.play("push", fails=ago % 9 == 4)
    return world


def make_child(world: World, project: Project, parent: Life) -> None:
    """Let a nightly pipeline make one of its own."""
    child = Night(world, project).play("parent_pipeline")
    world.add_bridge(project, parent.fixed, child.fixed, "package checks")


def readings_of(project: Project, before: int) -> Iterator[tuple[str, Json]]:
    """Yield what the API said of a project before a time."""
    about = {"project": project.record()}
    yield "project", about
    yield from (("commit", {**about, "commit": one}) for one in project.commits)
    if project.commits:
        yield "branch", {**about, "branch": {"name": "main", "commit": project.commits[-1]}}
    for gitid, life in project.lives.items():
        if life.created < before:
            yield "pipeline", {**about, **reading_of(project, gitid)}


def reading_of(project: Project, gitid: int) -> Json:
    """Return a pipeline as it is read: with its jobs, its schedule, and who made it."""
    record = project.pipelines[gitid]
    made = [one for one in project.bridges.values() if one["downstream_pipeline"]["id"] == gitid]
    parent = None
    if made:
        ids = {"pipeline_id": made[0]["pipeline"]["id"], "job_id": made[0]["id"]}
        parent = {**ids, "name": made[0]["name"]}
    return {
        "pipeline": record,
        "jobs": project.jobs_of(gitid),
        "schedule": {"description": NIGHTLY} if record["source"] == "schedule" else None,
        "parent": parent,
    }


def store_readings(engine: Engine, world: World, now: datetime) -> None:
    """Store all that began before a time, as a reading after it brings it."""
    source, read = source_of("gitlab"), now.astimezone(UTC).replace(tzinfo=None)
    for project in world.projects.values():
        readings = list(readings_of(project, milliseconds(now)))
        for begin in range(0, len(readings), BATCH):
            part = readings[begin : begin + BATCH]
            api.write(engine, [api.Read(source.rows_read(*one, read)) for one in part])


def hooks_since(world: World, start: datetime) -> list[tuple[Project, Hook]]:
    """Return what was sent since a time, in order."""
    sent = []
    for project in world.projects.values():
        lives = [one for one in project.lives.values() if one.created >= milliseconds(start)]
        for life in lives:
            sent.append((project, Hook(life.created, "push", push_hook(project))))
            sent += [(project, hook) for hook in hooks_of(project, life)]
    return sorted(sent, key=lambda each: each[1].time)
