"""A year from an SQLite file in a database of each engine: the same rows and indexes as before."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from benchmarks import year
from benchmarks.big_store import migrations, server_copy
from engines import connect, kind_of
from schema import migrate
from schema.tables.ci import jobs, repos, workflowruns, workflows
from schema.tables.rollups import rollnights
from store.copying.comparison import hash_tables

RUNS = 30
ODD = 'tab\t, line\n, return\r, \\, "quoted", \u2744 and \\N'


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give the URL of a file with a small year, a text that must be escaped, and bytes."""
    url = f"sqlite:///{tmp_path_factory.mktemp('year') / 'year.db'}"
    migrate.upgrade(url)
    engine = connect(url)
    year.write(engine, RUNS, datetime(2026, 11, 29))
    with engine.begin() as connection:
        chosen = sa.update(jobs).where(jobs.c.Id == 7)
        connection.execute(chosen.values(name=ODD, runtime=0.1 + 0.2, version=b"\x00\xff\n"))
        connection.execute(
            sa.insert(rollnights).values(
                begintime=datetime(2026, 11, 28, 12), repoid=1, way="schedule",
                state="passed", runs=1, detail="{}",
            )
        )  # fmt: skip
    engine.dispose()
    return url


def test_copied_year_has_the_same_rows_indexes_and_next_number(source, store_url):
    before = shape(store_url)
    server_copy.copy(source, store_url)
    assert shape(store_url) == before
    first, second = connect(source), connect(store_url, tls=False)
    held, wanted = hash_tables(second), hash_tables(first)
    for left in server_copy.LEFT:
        held.pop(left), wanted.pop(left)
    assert held == wanted
    with second.connect() as connection:
        # SQLite goes on above the rows of tests that had the file before.
        assert kind_of(connection).next_number(connection, "jobs") > RUNS * year.JOBS
    first.dispose()
    second.dispose()


def test_multiplied_year_is_of_other_repositories_with_workflows_of_their_own(source, store_url):
    server_copy.copy(source, store_url, times=3)
    engine = connect(store_url, tls=False)
    runs_of = (
        sa.select(sa.func.count(), sa.func.count(repos.c.Id.distinct()))
        .join_from(workflowruns, repos, repos.c.Id == workflowruns.c.repoid)
        .where(workflowruns.c.repo == repos.c.name)
    )
    flows = sa.select(sa.func.count()).join_from(
        workflowruns,
        workflows,
        (workflows.c.gitid == workflowruns.c.workflowgitid)
        & (workflows.c.repoid == workflowruns.c.repoid),
    )
    jobs_of = sa.select(sa.func.count()).join_from(
        jobs,
        workflowruns,
        (jobs.c.rungitid == workflowruns.c.gitid) & (jobs.c.repo == workflowruns.c.repo),
    )
    with engine.connect() as connection:
        (once,) = connection.execute(
            sa.select(sa.func.count(workflowruns.c.repoid.distinct())).where(
                workflowruns.c.Id <= RUNS
            )
        ).one()
        assert connection.execute(runs_of).one() == (3 * RUNS, 3 * once)
        assert connection.execute(flows).scalar_one() == 3 * RUNS
        assert connection.execute(jobs_of).scalar_one() == 3 * RUNS * year.JOBS
        assert connection.execute(sa.select(rollnights.c.Id)).all() == []
    engine.dispose()


def test_database_that_holds_runs_is_refused(source, tmp_path, capsys):
    arguments = ["--from", source, "--to", f"sqlite:///{tmp_path / 'full.db'}"]
    assert server_copy.main(arguments) == 0
    assert server_copy.main(arguments) == 2
    assert capsys.readouterr().err == "the database holds runs: give an empty one\n"


def shape(url: str) -> list[object]:
    """Return the indexes and unique keys of all tables."""
    engine = connect(url, tls=False)
    found = sa.inspect(engine)
    names = sorted(found.get_table_names())
    held = [
        (
            name,
            sorted(str(one) for one in found.get_indexes(name)),
            sorted(str(one) for one in found.get_unique_constraints(name)),
        )
        for name in names
    ]
    engine.dispose()
    return list(held)


def test_migrations_timed_one_by_one_end_with_the_schema_and_the_rows_of_now(
    source, database_url, store_url, capsys
):
    server_copy.copy(source, database_url, times=2, revision="0001")
    engine = connect(database_url, tls=False)
    assert not sa.inspect(engine).has_table("packages")
    assert migrations.main(["--url", database_url]) == 0
    timed = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert timed[-2:] == [migrate.known_revisions()[0], "views"]
    assert shape(database_url) == shape(store_url)
    with engine.connect() as connection:
        counted = sa.select(sa.func.count()).select_from(workflowruns)
        assert connection.execute(counted).scalar_one() == 2 * RUNS
        named = sa.select(jobs.c.name).where(jobs.c.name == ODD)
        assert len(connection.execute(named).all()) == 2
    engine.dispose()
