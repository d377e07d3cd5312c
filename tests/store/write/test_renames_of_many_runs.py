"""A repository of many runs is renamed while deliveries flow: 200,000 runs in `make test-all`."""

import time
from collections.abc import Callable
from itertools import count as numbers

from sqlalchemy import Engine, func, insert, select

from engines import reading
from schema.tables.ci import workflowruns
from tests.counts import count
from tests.store import production_doors
from tests.store.write.renaming import NEW, OLD, a_job, a_push, a_rename, a_run, rewrite_all
from tests.store.writers import together

RUNS = count(3_000, 200_000)
LONGEST = count(8, 2)  # seconds a delivery may take while rows are rewritten: GitHub gives up at 10


def fill(engine: Engine, runs: int) -> None:
    """Store that many runs of the repository, under its old name."""
    production_doors.deliver(engine, [a_run(OLD, 1)])
    with reading(engine).connect() as connection:
        stored = connection.execute(select(workflowruns)).mappings().one()
    usual = {name: value for name, value in stored.items() if name != "Id"}
    page = "https://github.com/octo-org/app/actions/runs/"
    for first in range(2, runs + 1, 5_000):
        last = min(runs + 1, first + 5_000)
        rows = [{**usual, "gitid": n, "url": f"{page}{n}"} for n in range(first, last)]
        with engine.begin() as connection:
            connection.execute(insert(workflowruns), rows)


def test_no_delivery_waits_long_while_many_runs_are_rewritten(
    writers: list[Engine], record_property: Callable[[str, object], None]
):
    fill(writers[0], RUNS)
    done, took = [], list[float]()

    def rewriting() -> None:
        production_doors.deliver(writers[0], [a_rename(NEW, "app")])
        rewrite_all(writers[0])
        done.append(True)

    def delivering() -> None:
        for place in numbers():
            if done:
                return
            # Runs that are being rewritten, runs that are new, and pushes.
            gitid = 1 + (place * 7919) % RUNS
            several = (a_run(OLD, gitid), a_job(NEW, gitid), a_run(NEW, RUNS + place + 1))
            for one in (*several, a_push(NEW, f"b{place}")):
                start = time.monotonic()
                production_doors.deliver(writers[1], [one])
                took.append(time.monotonic() - start)

    start = time.monotonic()
    together([rewriting, delivering], seconds=3600)
    record_property("rewriting_seconds", round(time.monotonic() - start, 1))
    record_property("deliveries", len(took))
    record_property("longest_delivery_seconds", round(max(took), 3))
    with reading(writers[0]).connect() as connection:
        renamed = select(func.count()).where(
            workflowruns.c.repo == "octo-org/core",
            workflowruns.c.url.like("https://github.com/octo-org/core/actions/runs/%"),
        )
        every = connection.scalar(select(func.count()).select_from(workflowruns))
        assert connection.scalar(renamed) == every
    assert isinstance(every, int)
    assert every >= RUNS
    assert len(took) > RUNS / 1000, "deliveries stood still while rows were rewritten"
    assert max(took) < LONGEST
