"""A delivery that comes alone is sent before its run is locked, and written by what is read."""

import random
import threading
import zlib
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event, insert, select, update

from schema.tables.ci import jobs, repos, workflowruns
from schema.tables.deliveries import deliveries
from store.delete_repository import forget
from store.deliveries.body import PART_BYTES, read_parts
from store.doors.webhook import DeliveryOutcome, store_each
from tests.equality import check_equal, contents
from tests.store.fold import folded
from tests.store.production_doors import Sent, deliver, raise_bug, told, with_guid
from tests.stories.plain import SUCCESS

pytestmark = pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)

*FIRST, JOB, RUN = told(SUCCESS)
"""Those that come first, one of a job, which says little of its run, and one of the run."""
SECONDS = 30


@pytest.fixture
def other(writers: list[Engine]) -> Engine:
    """Another process, by whose time the run is stored and was read."""
    deliver(writers[0], FIRST)
    return writers[1]


def check_all_are_stored(engine: Engine, *more: Sent) -> None:
    """Fail unless the rows are those of what was delivered."""
    check_equal(contents(engine), folded(one.rows for one in (*FIRST, *more)))


@pytest.mark.parametrize("last", [JOB, RUN], ids=["job", "run"])
def test_rows_are_sent_while_another_has_the_run(engine: Engine, other: Engine, last: Sent):
    heard, table = threading.Event(), "jobs" if last is JOB else "runattempts"

    def note(*given: Any) -> None:
        if given[2].startswith(f"INSERT INTO {table}"):
            heard.set()

    event.listen(engine, "before_cursor_execute", note)
    writing = threading.Thread(target=deliver, args=(engine, [last]))
    with other.begin() as connection:
        connection.execute(select(workflowruns.c.Id).with_for_update())
        writing.start()
        assert heard.wait(SECONDS)
        assert writing.is_alive()
    writing.join(SECONDS)
    check_all_are_stored(engine, last)


def test_repository_that_another_process_renamed_has_its_new_name(engine: Engine, other: Engine):
    with other.begin() as connection:
        connection.execute(update(repos).values(name="octo-org/renamed"))
    deliver(engine, [JOB, RUN])
    with other.connect() as connection:
        assert connection.scalars(select(jobs.c.repo)).all() == ["octo-org/renamed"]
        assert connection.scalars(select(workflowruns.c.repo)).all() == ["octo-org/renamed"]


def test_repository_that_another_process_deleted_is_stored_anew(engine: Engine, other: Engine):
    with other.connect() as connection:
        key = connection.execute(select(repos.c.provider, repos.c.gitid)).one()
    forget(other, (key.provider, key.gitid))
    deliver(engine, [JOB])
    with other.connect() as connection:
        (repoid,) = connection.scalars(select(repos.c.Id)).all()
        assert connection.scalars(select(workflowruns.c.repoid)).all() == [repoid]
        assert connection.scalars(select(jobs.c.repoid)).all() == [repoid]


@pytest.mark.parametrize("last", [JOB, RUN], ids=["job", "run"])
def test_run_that_has_another_number_since_keeps_it(engine: Engine, other: Engine, last: Sent):
    with other.begin() as connection:
        (run,) = connection.execute(select(workflowruns)).mappings()
        connection.execute(delete(workflowruns))
        connection.execute(insert(workflowruns), {**run, "Id": run["Id"] + 1000})
    deliver(engine, [last])
    check_all_are_stored(engine, last)
    with other.connect() as connection:
        assert connection.scalars(select(workflowruns.c.Id)).all() == [run["Id"] + 1000]


def test_job_tells_what_its_run_lacks(engine: Engine, other: Engine):
    with other.begin() as connection:
        connection.execute(update(workflowruns).values(branchname=None, workflowname=None))
    deliver(engine, [JOB])
    check_all_are_stored(engine, JOB)


def test_body_that_is_kept_in_parts_is_whole(engine: Engine, other: Engine):
    body = random.Random(1).randbytes(3 * PART_BYTES)
    long = with_guid(JOB, "long")
    deliver(engine, [long._replace(delivery=long.delivery._replace(body=body))])
    with other.connect() as connection:
        row = connection.execute(select(deliveries).where(deliveries.c.guid == "long")).one()
        rest = read_parts(connection, [row])
    assert zlib.decompress(row.body + rest[row.provider, row.guid]) == body
    check_all_are_stored(engine, JOB)


def test_delivery_that_comes_again_is_a_duplicate(engine: Engine, other: Engine):
    duplicate = DeliveryOutcome("duplicate")
    for last in (JOB, RUN):
        deliver(engine, [last])
        assert store_each(engine, [last], raise_bug) == [duplicate]
        deliver(engine, [with_guid(last, f"again {last.delivery.guid}")])
    check_all_are_stored(engine, JOB, RUN)
