"""Faults of a store in a file and of the spool beside it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from tests.damage import store
from tests.faults.fault import Fault, FaultOutcome, Place, ask
from tests.faults.makers import (
    bring_older,
    cut_log,
    damage_entry,
    damage_spool,
    empty,
    fill_disk,
    flip_log,
    given,
    lock,
    obstruct_spool,
    received,
    remove,
    spooled,
    sql,
    zeroed,
)
from tests.rows import objects
from tests.store import production_doors
from tests.store.doors.test_taken_names import NEW, OLD, told

RESTORE, REPLAY, REPAIR = "restore a backup", "--replay", "--audit --repair"
LATER = timedelta(days=40)
SKEWED = {**objects.REPOSITORY, "id": 8, "full_name": "octo-org/other"}
SKEWED |= {"html_url": "https://github.com/octo-org/other"}


RUN, JOB = told(OLD, "first")
OTHERS_RUN = production_doors.sent(
    "workflow_run",
    {
        "workflow_run": {**objects.RUN, "id": 70},
        "workflow": {**objects.WORKFLOW, "id": 5},
        "repository": SKEWED,
    },
    "odd",
)
OTHER_BODY = JOB._replace(delivery=JOB.delivery._replace(guid=RUN.delivery.guid))
MISSING = "is missing (delivery"
FULL: tuple[Fault, ...] = (Fault("disk full", "outages", fill_disk, "disk", "give it room"),)
FULL = FULL if os.geteuid() == 0 else ()


def missing(table: str) -> Fault:
    """Return the fault that somebody deleted the rows of a table."""
    delete = f"DELETE FROM {table}"  # noqa: S608 - a name of ours
    return Fault(f"rows of {table} missing", "mutants", sql(delete), "deliveries", REPLAY)


FAULTS = (
    Fault("pages of zeros", "damage", zeroed(8192, 40_000), "", RESTORE),
    Fault("head of the file damaged", "damage", zeroed(0, 100), "database", RESTORE),
    Fault("log removed or cut", "damage", cut_log, "count", REPAIR),
    Fault("log damaged", "damage", flip_log, "count", REPAIR),
    Fault("file gone", "damage", remove, "database", REPAIR),
    Fault("file emptied", "damage", empty, "count", REPAIR),
    Fault("older copy in its place", "restore", bring_older, "count", REPAIR),
    Fault(
        "body of a delivery changed",
        "damage",
        sql("UPDATE deliveries SET body = x'00' WHERE Id = 5"),
        "deliveries",
        "body: is damaged",
    ),
    *(
        missing(name)
        for name in ("jobs", "workflowruns", "runattempts", "commits", "branches", "repos")
    ),
    Fault(
        "value of a row changed",
        "damage",
        sql("UPDATE jobs SET runnername = 'mine' WHERE runnername IS NOT NULL"),
        "deliveries",
        "runnername is not what was received",
    ),
    Fault(
        "derived value changed",
        "damage",
        sql("UPDATE workflowruns SET runtime = runtime + 1"),
        "deliveries",
        "what is derived differs",
    ),
    Fault(
        "migration failed: column missing",
        "torture",
        sql("DROP VIEW steps", "DROP VIEW own_jobs", "ALTER TABLE jobs DROP COLUMN gated"),
        "schema",
        "lacks jobs.gated",
    ),
    Fault("table missing", "torture", sql("DROP TABLE dirtyruns"), "schema", "lacks dirtyruns"),
    Fault(
        "upgraded by a newer release",
        "upgrades",
        sql("UPDATE alembic_version SET version_num = '9999'"),
        "schema",
        "run that one",
    ),
    Fault("locked for long", "outages", lock, "database", "end what locks it"),
    *(
        [Fault("disk full", "outages", fill_disk, "disk", "give it room")]
        if os.geteuid() == 0
        else []
    ),
    Fault("deliveries left in the spool", "torture, outages", spooled(), "spool", "start it"),
    Fault("entry of the spool damaged", "damage", damage_entry, "spool", REPAIR),
    Fault("file of the spool damaged", "damage", damage_spool, "spool", REPAIR),
    Fault("spool cannot be written", "outages", obstruct_spool, "spool", "look at SPOOL_DIR"),
    Fault(
        "another body under a guid",
        "contradictions",
        received(RUN, OTHER_BODY),
        "quarantine",
        REPLAY,
    ),
    Fault(
        "id of another repository",
        "contradictions",
        received(RUN, OTHERS_RUN),
        "quarantine",
        REPLAY,
    ),
    Fault(
        "name taken over",
        "contradictions",
        received(RUN, *told(NEW, "new")),
        "gone of ",
        "out of -r",
    ),
    Fault(
        "clock ahead at reception", "clocks", received(RUN, ahead=LATER), "clock", "set it by NTP"
    ),
    Fault(
        "clock leapt",
        "clocks",
        sql(
            "INSERT INTO marks (subject, name, value, time) VALUES ('', 'clock',"
            ' \'{"begin": "2026-01-01T00:00:00", "leaps": []}\', \'2026-01-01 00:00:00.000000\')'
        ),
        "clock",
        "it leapt",
    ),
    Fault(
        "no reconciler for a day",
        "kills",
        lambda place: (
            given(GITHUB_TOKEN="t" * 20)(place),
            sql(
                "INSERT INTO health (subject, name, state, detail, changetime, checktime) VALUES"
                " ('', 'rate', 'good', '', '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
            )(place),
        )[0],
        "freshness",
        "start the listener with a key",
    ),
)


def outcomes(folder: Path, every: int = 1) -> Iterator[FaultOutcome]:
    """Make each fault in a copy of a store that a kill has left, and ask `--check`."""
    template = store.make_template(folder / "whole").folder
    for number, fault in enumerate((None, *FAULTS[::every])):
        with ExitStack() as stack:
            place = Place(folder / str(number), {}, stack)
            shutil.copytree(template, place.folder)
            if fault is None:
                assert ask(place.settings) == [], "a store that was killed is well"
                continue
            fault.make(place)
            yield FaultOutcome(fault, ask(place.settings))
