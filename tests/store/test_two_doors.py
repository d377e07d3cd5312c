"""Webhook and API give one record of GitLab's world, and what was lost one reading brings back.

The worlds are lives of pipelines by chance (`fakegitlab.director`). Stated counts: 5 worlds on
SQLite in `make test`, 300 in `make test-all`; a fixed one on the other engines.
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Engine, select

from engines import reading
from fakegitlab.director import Director
from fakegitlab.hooks import Hook, as_of, hooks_of, in_test, in_utc, in_zone, push_hook
from fakegitlab.life import Life
from fakegitlab.world import Project, World
from rows.gitlab import version
from rows.sources import source_of
from schema.column_sources import CANNOT
from schema.gitlab_column_sources import GITLAB_SOURCES
from schema.tables.ci import metadata
from store import apply
from tests.counts import count
from tests.store.writers import emptied

SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
GITLAB = source_of("gitlab")
WORLDS = count(5, 300)
SOURCES = ("push", "web", "schedule", "merge_request_event", "parent_pipeline")
TABLES = {
    "repos": ("gitid",),
    "workflows": ("gitid",),
    "commits": ("hash",),
    "workflowruns": ("gitid",),
    "runattempts": ("rungitid", "attempt"),
    "jobs": ("gitid",),
}
LEFT_OUT = {"Id", "version", "repoid"}
GATED = ("jobs", "gated")
"""The API says that a job waits, not that it did: a hook may know more."""

Rows = dict[tuple[str, tuple[object, ...]], dict[str, object]]
Difference = tuple[str, str, object, object]


class Told(NamedTuple):
    """A world with all that its hooks say, and with all that its API says."""

    project: Project
    now: datetime
    hooks: list[Hook]
    lives: list[Life]


def world_of(seed: int, pipelines: int = 3) -> Told:
    """Return a world in which every pipeline has ended."""
    chance, world = random.Random(seed), World()
    project = world.add_project("group/sub/app")
    clock = chance.choice([in_utc, in_zone, in_test])
    delay = chance.choice([0, 0, 4000])
    hooks, lives = list[Hook](), list[Life]()
    while len(lives) < pipelines:
        source = chance.choice(SOURCES) if lives else "push"
        life = Director(world, project, chance).live(source)
        if source == "parent_pipeline":
            world.add_bridge(project, lives[0].fixed, life.fixed, "checks")
        hooks.append(Hook(life.created, "push", push_hook(project)))
        hooks += hooks_of(project, life, clock, delay)
        lives.append(life)
    old = chance.random() < 0.3
    sent = [hook._replace(payload=as_of((15, 0), hook.payload)) if old else hook for hook in hooks]
    now = datetime.fromtimestamp(world.now / 1000, UTC).replace(tzinfo=None)
    return Told(project, now, sorted(sent, key=lambda hook: hook.time), lives)


def write(engine: Engine, batch: Sequence[Any]) -> None:
    """Write records in a transaction, as those are that come at once."""
    apply.write(
        engine,
        lambda connection, cache: (apply.apply(connection, batch, cache, told=True), None),
    )


def tell(engine: Engine, told: Told, hooks: Sequence[Hook], chance: random.Random) -> None:
    """Write hooks in their order, some of them in one transaction."""
    rest = [GITLAB.rows_for(hook.kind, hook.payload, None, told.now) for hook in hooks]
    while rest:
        size = chance.randint(1, 12)
        write(engine, rest[:size])
        rest = rest[size:]


def reconcile(engine: Engine, told: Told) -> None:
    """Write what the API says of all: the project, its commits, its pipelines with their jobs."""
    project = {"project": told.project.record()}
    read: list[tuple[str, dict[str, Any]]] = [("project", project)]
    read += [("commit", {**project, "commit": one}) for one in told.project.commits]
    for gitid in told.project.pipelines:
        pipeline = told.project.whole(gitid)
        whole: dict[str, Any] = {
            **project,
            "pipeline": pipeline,
            "jobs": told.project.jobs_of(gitid),
        }
        if pipeline["source"] == "schedule":
            whole["schedule"] = {"description": "nightly"}
        for bridge in told.project.bridges.values():
            if bridge["downstream_pipeline"]["id"] == gitid:
                made = {"pipeline_id": bridge["pipeline"]["id"], "job_id": bridge["id"]}
                whole["parent"] = {**made, "name": bridge["name"]}
        read.append(("pipeline", whole))
    write(engine, [GITLAB.rows_read(kind, payload, told.now) for kind, payload in read])


def stored(engine: Engine) -> Rows:
    """Return all rows by table and key."""
    rows: Rows = {}
    with reading(engine).connect() as connection:
        for name, keys in TABLES.items():
            for row in connection.execute(select(metadata.tables[name])).mappings():
                own = {column: value for column, value in row.items() if column not in LEFT_OUT}
                rows[name, tuple(row[key] for key in keys)] = own
    return rows


def cannot_know(door: str) -> set[tuple[str, str]]:
    """Return the columns of which docs/fields.md says that a door cannot know them."""
    return {
        (table, column)
        for table, columns in GITLAB_SOURCES.items()
        for column, paths in columns.items()
        if CANNOT in getattr(paths, door)
    }


def differences(found: Rows, wanted: Rows, allowed: set[tuple[str, str]]) -> list[Difference]:
    """Return the columns that differ, but for allowed ones that one side has no value of."""
    told = list[Difference]()
    for key in sorted(found.keys() | wanted.keys(), key=str):
        table, name = key
        if key not in found or key not in wanted:
            told.append((table, str(name), key in found, key in wanted))
            continue
        for column, value in wanted[key].items():
            own = found[key][column]
            is_one_sided = own in (None, False) or value in (None, False)
            if own != value and not ((table, column) in allowed and is_one_sided):
                told.append((table, f"{name} {column}", own, value))
    return told


class Doors:
    """A store that is filled anew by one door or the other, or by both."""

    def __init__(self, engine: Engine, url: str) -> None:
        self.engine, self.url = engine, url

    def by_api(self, told: Told) -> Rows:
        """Return what the API alone leaves."""
        emptied(self.url)
        reconcile(self.engine, told)
        return stored(self.engine)

    def by_hooks(self, told: Told, hooks: Sequence[Hook], *, reconciled: bool = False) -> Rows:
        """Return what hooks leave in their order, and a reading after them."""
        emptied(self.url)
        tell(self.engine, told, hooks, random.Random(len(hooks)))
        if reconciled:
            reconcile(self.engine, told)
        return stored(self.engine)


@pytest.fixture
def doors(engine: Engine, store_url: str) -> Doors:
    return Doors(engine, store_url)


def some_of(told: Told, seed: int) -> list[Hook]:
    """Return some of the hooks in any order, a part of them twice."""
    chance = random.Random(seed)
    part = chance.choice([0.1, 0.5, 0.9, 1.0])
    some = [hook for hook in told.hooks if chance.random() < part]
    some += [hook for hook in some if chance.random() < 0.3]
    chance.shuffle(some)
    return some


def lost_by(doors: Doors, seeds: Sequence[int], *, reconciled: bool = True) -> list[Difference]:
    """Return what hooks at random and one reading leave otherwise than the world is."""
    lost = []
    for seed in seeds:
        told = world_of(seed)
        World().add_external(told.project)  # of which no hook tells, and which never ends
        found = doors.by_hooks(told, some_of(told, seed), reconciled=reconciled)
        # What only a hook knows is more than the API's world, and never less.
        allowed = cannot_know("rest") | {GATED}
        lost += differences(found, doors.by_api(told), allowed)
    return lost


@SQLITE
def test_both_doors_give_one_record(doors: Doors):
    allowed = cannot_know("webhook") | cannot_know("rest") | {GATED}
    for seed in range(WORLDS):
        told = world_of(seed)
        found = doors.by_hooks(told, told.hooks)
        assert differences(found, doors.by_api(told), allowed) == []
        for gitid, record in told.project.pipelines.items():
            seconds = found["workflowruns", (gitid,)]["runtime"]
            assert isinstance(seconds, float | None)
            # GitLab's own count cuts what is more than whole seconds.
            assert abs(int(seconds or 0) - record["duration"]) <= 1


@SQLITE
def test_any_hooks_in_any_order_and_one_reading_are_the_world(doors: Doors):
    assert lost_by(doors, range(WORLDS)) == []


def test_a_fixed_world_is_the_same_by_any_door(doors: Doors):
    assert lost_by(doors, [7]) == []


@SQLITE
@pytest.mark.parametrize("rule", ["pipeline", "job"])
def test_order_of_arrival_is_found_wrong(doors: Doors, monkeypatch: pytest.MonkeyPatch, rule: str):
    """Control: where records of one thing are all as new the same programme finds differences."""
    monkeypatch.setattr(version, rule, lambda *given: b"the same")
    assert lost_by(doors, range(2)) != []


@SQLITE
def test_loss_without_a_reading_is_found(doors: Doors):
    """Control: what was lost is missing as long as nothing is read."""
    assert lost_by(doors, [2], reconciled=False) != []
