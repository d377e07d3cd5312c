"""What only an old hook of a job says of a project never hides what a push says of it."""

import itertools
import json
import random
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select

from engines import reading
from fakegitlab.director import Director
from fakegitlab.hooks import OLD, as_of, hooks_of, push_hook
from fakegitlab.world import World
from schema.tables.ci import repos
from store import apply
from store.deliveries.table import Delivery
from tests.store.production_doors import store
from tests.store.writers import emptied

RECEIVED = datetime(2026, 11, 29)
"""After all that happens in the world."""


def told(place: int, payload: dict[str, Any]) -> Delivery:
    """Return a hook as the listener hands it over."""
    about = ("gitlab", f"{place}", None, payload["object_kind"], None, "group/app")
    return Delivery(*about, RECEIVED, json.dumps(payload).encode())


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_push_tells_of_a_project_whatever_job_of_gitlab_15_came_before(
    engine: Engine, store_url: str
):
    world = World("https://gitlab.com")
    project = world.add_project("group/app")
    world.add_commit(project)
    life = Director(world, project, random.Random(1)).live()
    job = next(hook.payload for hook in hooks_of(project, life) if hook.kind == "build")
    found = set()
    for pair in itertools.permutations((as_of(OLD, job), push_hook(project))):
        emptied(store_url)
        apply.CACHES.clear()
        states = [store(engine, told(place, payload)) for place, payload in enumerate(pair)]
        assert states == ["applied", "applied"]
        with reading(engine).connect() as connection:
            row = connection.execute(select(repos.c.name, repos.c.defaultbranch, repos.c.private))
            found.add(tuple(row.one()))
    assert found == {("group/app", "main", True)}
