"""A store of nine runs of two repositories, as every engine holds it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zlib import compress

import pytest
import sqlalchemy as sa

from deploy.grafana.macros import Range, expand
from deploy.grafana.spelling import SOURCES, DataSource
from engines import connect
from schema.tables.acknowledgements import acknowledgements
from schema.tables.alerts import alerts, redperiods
from schema.tables.ci import workflows
from schema.tables.packages import load_history
from tests.dashboard import stored

DAY = datetime(2026, 11, 20)
SHOWN = Range(DAY, DAY + timedelta(days=3))
MINUTE = timedelta(minutes=1)
RUNNER = {"runnername": "r-1", "runnergroup": "Default", "labels": '["ubuntu-24.04"]'}


@pytest.fixture
def engine(store_url: str) -> Iterator[sa.Engine]:
    """Give the filled store."""
    made = connect(store_url)
    fill(made)
    yield made
    made.dispose()


def source_of(engine: sa.Engine) -> DataSource:
    """Return the data source that reads an engine."""
    name = engine.dialect.name
    return SOURCES["mysql" if name == "mariadb" else name]


def ask(engine: sa.Engine, statement: str, shown: Range = SHOWN, zone: str = "+00:00") -> list:
    """Return the rows that Grafana would get."""
    source = source_of(engine)
    with engine.connect() as connection:
        if source.name == "mysql":
            connection.exec_driver_sql(f"SET time_zone = '{zone}'")
        sql = expand(source, source.spell(statement), shown)
        return [list(row) for row in connection.exec_driver_sql(sql)]


def fill(engine: sa.Engine) -> None:
    """Store what the golden rows are of."""
    numbers = count(101)
    app, lib = (stored.repo(engine, name, gitid=next(numbers)) for name in ("o/app", "o/lib"))
    for repoid, gitid, name in ((app, 201, "CI"), (app, 202, "Nightly"), (lib, 203, "CI")):
        stored.put(
            engine, workflows, provider="github", gitid=gitid, repoid=repoid, name=name,
            state="active",
        )  # fmt: skip
    run_all(engine, app, lib)
    stored.put(
        engine, redperiods, provider="github", repoid=app, workflowgitid=201, rungitid=302,
        branchname="main", redtime=DAY + 60 * MINUTE, seentime=DAY + 60 * MINUTE,
        greentime=DAY + 180 * MINUTE, greengitid=303,
    )  # fmt: skip
    stored.put(
        engine, alerts, periodid=1, turn="red", target="slack", state="failed", tries=3,
        duetime=DAY, changetime=DAY,
    )  # fmt: skip
    for minutes, state in ((10, "applied"), (20, "ignored"), (1500, "quarantined")):
        received = DAY + minutes * MINUTE
        later = received + timedelta(seconds=4) if state == "applied" else None
        stored.delivery(
            engine, received, state, guid=f"guid-{minutes}", event="workflow_run",
            applytime=later, error="no JSON" if state == "quarantined" else None,
            body=compress(b"no JSON"),
        )  # fmt: skip
    stored.watched(engine, DAY, name="rate")
    stored.watched(engine, DAY, subject="github:o/app", name="silence", state="warning")
    stored.audit(engine, app, DAY + 30 * MINUTE, missing=2, stored=8)
    stored.put(
        engine, load_history, feed="debian", starttime=DAY + MINUTE, endtime=DAY + 2 * MINUTE,
        state="succeeded", exitcode=0, linecount=9, changed=3, gone=1,
    )  # fmt: skip
    stored.put(
        engine, acknowledgements, **{
            column.name: {"fingerprint": "1:f"}.get(column.name, value_of(column))
            for column in acknowledgements.columns if column.name != "Id"
        },
    )  # fmt: skip


def value_of(column: sa.Column) -> Any:
    """Return a value that a column of a note may have."""
    return (
        DAY if column.type.python_type is datetime else 1 if column.type.python_type is int else "x"
    )


def run_all(engine: sa.Engine, app: int, lib: int) -> None:
    """Store the runs: app's CI fails, is green at its second attempt, and is red in the end."""
    said: Any = (  # repository, workflow, gitid, minutes, conclusion, attempt, branch, values
        (app, ("CI", 201), 301, 600, "success", 1, "main", {"event": "push"}),
        (app, ("CI", 201), 302, 660, "failure", 1, "main", {"event": "push"}),
        (app, ("CI", 201), 303, 720, "success", 2, "main", {"event": "push"}),
        (app, ("CI", 201), 304, 2160, "timed_out", 1, "main", {"event": "push", "author": "mona"}),
        (app, ("CI", 201), 305, 2400, "cancelled", 1, "topic", {"event": "pull_request"}),
        (app, ("Nightly", 202), 306, 1500, "success", 1, "main", {}),
        (lib, ("CI", 203), 307, 1560, "success", 3, "main", {"event": "push"}),
        (lib, ("CI", 203), 308, 4200, None, 1, "main", {"event": "push", "status": "queued"}),
        (lib, ("CI", 203), 309, -60, "failure", 1, "main", {"event": "push"}),  # before the range
    )
    for number, (repoid, (name, workflow), gitid, minutes, end, attempt, branch, more) in enumerate(
        said
    ):
        created = DAY + minutes * MINUTE
        length = timedelta(minutes=5 + number)
        stored.run(
            engine, repoid, created, gitid=gitid, conclusion=end, attempt=attempt,
            branchname=branch, workflowname=name, workflowgitid=workflow, commithash=f"c{number}",
            runtime=length.total_seconds() if end else None, queuetime=number,
            endtime=created + length if end else None, **more,
        )  # fmt: skip
        jobs_of(engine, repoid, gitid, created, number, end, name)


def jobs_of(
    engine: sa.Engine, repoid: int, gitid: int, created: datetime, number: int,
    end: str | None, name: str,
) -> None:  # fmt: skip
    """Store a run's jobs: a build on Linux and a test on Windows; a failed one says why."""
    usual = {"workflowname": name, "commithash": f"c{number}", **RUNNER}
    if end is None:
        waits = {"status": "queued", "conclusion": None, "starttime": None, "endtime": None}
        stored.job(
            engine, repoid, gitid, created, **usual, **waits, queuetime=None, runtime=None,
            name="build",
        )  # fmt: skip
        return
    stored.job(
        engine, repoid, gitid, created, **usual, name="build", queuetime=10 * number,
        runtime=60.0 + number,
    )  # fmt: skip
    bad = end in ("failure", "timed_out")
    jobid = stored.job(
        engine, repoid, gitid, created, **usual, name="test", os="Windows", conclusion=end,
        queuetime=400 if number % 2 else 20, runtime=100.5,
        clockanomaly=number == 0, failedstep="Test" if bad else None,
    )  # fmt: skip
    if bad:
        fingerprint = "1:f" if number < 5 else "1:g"
        stored.reason(
            engine, repoid, gitid, jobid, time=created + 2 * MINUTE, job="test", step="Test",
            message=f"boom {fingerprint}", kind="cause", fingerprint=fingerprint,
            problem=fingerprint, masked="boom",
        )  # fmt: skip
    if number == 2:  # the first attempt's job failed on the same commit; a copy does not count
        for copied in (False, True):
            stored.job(
                engine, repoid, gitid, created, **usual, name="test", os="Windows",
                conclusion="failure", inherited=copied, queuetime=999 if copied else 30,
                runtime=50.0,
            )  # fmt: skip
