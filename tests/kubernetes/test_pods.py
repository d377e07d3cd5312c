"""The containers of the chart's Jobs, run as processes into a real PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from schema.tables.ci import metadata
from schema.tables.packages import load_history, points
from tests import databases
from tests.kubernetes.conftest import run_pod
from tests.kubernetes.rendering import Object
from tests.servers import free_port

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
Run = Callable[..., dict[str, tuple[int, str]]]
POINTS = [("builds", 3.0), ("builds", 4.0), ("queue", 7.0)]


def retriever(name: str, script: str, way: str = "", seconds: int = 60) -> Object:
    """Return a retriever of values.yaml."""
    folder = f"/mnt/{name}"
    return {
        "name": name,
        "image": {"name": "python", "tag": "3.13-slim"},
        "env": [{"name": "MY_EXAMPLE_ENV", "value": way}],
        "script": {"name": script, "secret": {"name": f"{name.lower()}-x"}, "mountPath": folder},
        "timeoutSeconds": seconds,
    }


@pytest.fixture
def store(engine_name: str, migrated: sa.URL) -> Iterator[sa.Engine]:
    """Give that store without rows."""
    databases.clear(migrated.render_as_string(hide_password=False), metadata)
    engine = sa.create_engine(migrated)
    yield engine
    engine.dispose()


@pytest.fixture
def run(chart: Path, store: sa.Engine, tmp_path: Path) -> Run:
    """Give what runs the pod of the retrievers it is given."""

    def run(*retrievers: Object, url: sa.URL = store.url, killed: str = "") -> Any:
        return run_pod(chart, tmp_path, url, "retrievers", *retrievers, killed=killed)

    return run


def rows(store: sa.Engine, *columns: sa.Column[Any]) -> list[tuple[Any, ...]]:
    """Return columns of a table, ordered by them."""
    with store.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*columns).order_by(*columns))]


def codes(ended: dict[str, tuple[int, str]]) -> dict[str, int]:
    return {name: code for name, (code, _) in ended.items()}


def test_retrievers_are_loaded_and_again_without_a_change(run: Run, store: sa.Engine):
    both = [retriever("myRetriever", "example.py"), retriever("other", "fetch.py")]
    for changes in (2, 1), (0, 0):
        ended = run(*both)
        assert codes(ended) == {"my-retriever": 0, "other": 0, "load": 0}, ended
        assert "the log" in ended["my-retriever"][1]
        last = rows(store, load_history.c.Id, load_history.c.feed, load_history.c.changed)[-2:]
        assert [row[1:] for row in last] == [("my-retriever", changes[0]), ("other", changes[1])]
    assert rows(store, points.c.series, points.c.value) == POINTS


def test_retriever_that_fails_is_a_failed_load_beside_the_others(run: Run, store: sa.Engine):
    both = [retriever("myRetriever", "example.py", "fails"), retriever("other", "fetch.py")]
    ended = run(*both)
    assert codes(ended) == {"my-retriever": 1, "other": 0, "load": 1}
    assert "my-retriever: failed: ended with exit code 1" in ended["load"][1]
    history = rows(store, load_history.c.feed, load_history.c.state, load_history.c.logtail)
    assert [row[:2] for row in history] == [("my-retriever", "failed"), ("other", "done")]
    assert history[0][2].endswith("no such pipeline")
    assert rows(store, points.c.series, points.c.value) == POINTS[2:]


def test_retriever_that_is_killed_is_a_failed_load_beside_the_others(run: Run, store: sa.Engine):
    slow = retriever("myRetriever", "example.py", "hangs", seconds=12)
    ended = run(slow, retriever("other", "fetch.py", seconds=12), killed="my-retriever")
    assert ended.pop("my-retriever")[0] != 0
    assert codes(ended) == {"other": 0, "load": 1}
    assert "my-retriever: failed: left no exit code: it was killed" in ended["load"][1]
    assert rows(store, points.c.series, points.c.value) == POINTS[2:]


def test_retriever_that_takes_too_long_is_ended(run: Run, store: sa.Engine):
    ended = run(retriever("myRetriever", "example.py", "hangs", seconds=4))
    assert codes(ended) == {"my-retriever": 124, "load": 1}


def test_database_that_is_away_fails_the_job_and_its_next_run_loads(run: Run, store: sa.Engine):
    mine = retriever("myRetriever", "example.py")
    away = store.url.set(port=free_port())
    ended = run(mine, url=away)
    assert codes(ended) == {"my-retriever": 0, "load": 1}
    assert "run_feeds.py: " in ended["load"][1]
    assert codes(run(mine)) == {"my-retriever": 0, "load": 0}
    assert rows(store, points.c.series, points.c.value) == POINTS[:2]
