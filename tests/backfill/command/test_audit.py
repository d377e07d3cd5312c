"""`local-database.py --audit`: exit codes, the table, JSON, what waits raw, no key."""

import json
import subprocess
import sys
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from fakegithub.world.world import World
from schema.tables.audits import audits
from schema.tables.ci import jobs
from store.deliveries.spool import Spool
from store.deliveries.table import Delivery
from tests.backfill.audit.test_audit import about_run, finished, of
from tests.backfill.conftest import Command, Done
from tests.backfill.filling import served
from tests.backfill.lossy import deliver, delivery_at
from tests.backfill.test_complete import on_sqlite
from tests.fakegithub.samples import app_of, small_world
from tests.store import production_doors
from tests.test_doors import ROOT

REPO = ("-r", "octo-org/app")
AUDIT = (*REPO, "--audit", "--since", "2026-03-01")


def last(world: World, key: object, event: str = "workflow_run") -> Delivery:
    """Return the last delivery about a thing."""
    log = enumerate(world.log)
    return delivery_at(world, max(at for at, one in log if (one.key, one.event) == (key, event)))


def told(done: Done) -> dict[str, Any]:
    """Return the one repository of a JSON answer."""
    found = json.loads(done.out)
    (one,) = found["repositories"]
    return {**one, "complete": found["complete"] and one["complete"]}


def found_in(done: Done) -> list[tuple[str, str]]:
    return [(one["kind"], one["name"]) for one in told(done)["findings"]]


@on_sqlite
def test_complete_store_prints_a_table_and_exits_with_0(engine, store_url, command: Command):
    world = small_world()
    finished(world)
    finished(world)
    deliver(engine, world, app_of(world))
    with served(world, store_url):
        done = command(*AUDIT)
    assert done.code == 0
    first, head, row, last = done.out.splitlines()
    assert first.startswith("octo-org/app: 2026-03-01 00:00 to 20")
    assert head.split() == ["workflow", "day", "listed", "stored", "missing"]
    assert row.split() == ["CI", "2026-03-02", "2", "2", "0"]
    assert last.startswith("complete until 20")
    assert last.endswith(" UTC, 2 of 2 runs")


def test_missing_run_is_printed_with_exit_code_1_kept_and_repaired(
    engine: Engine, store_url, command: Command
):
    world = small_world()
    finished(world)
    lost, _ = finished(world)
    deliver(engine, world, app_of(world), about_run(world, lost))
    with served(world, store_url):
        done = command(*AUDIT)
        assert done.code == 1
        assert done.out.splitlines()[2].split() == ["CI", "2026-03-02", "2", "1", "1"]
        assert f"  run {lost} (CI, 2026-03-02): run number 2 is not stored" in done.out
        assert done.out.splitlines()[-1] == "incomplete: 1 of 2 runs, 1 missing"
        done = command(*AUDIT, "--json")
        assert (done.code, found_in(done)) == (1, [("run", str(lost))])
        assert (told(done)["listed"], told(done)["stored"]) == (2, 1)
        assert command(*AUDIT, "--repair").code == 0
        done = command(*AUDIT, "--json")
        assert (done.code, found_in(done), told(done)["complete"]) == (0, [], True)
    with engine.connect() as connection:
        query = sa.select(audits.c.door, audits.c.listed, audits.c.stored, audits.c.missing)
        kept = [tuple(row) for row in connection.execute(query.order_by(audits.c.Id))]
    assert kept == [
        ("command", 2, 1, 1),
        ("command", 2, 1, 1),
        ("command", 2, 1, 1),
        ("command", 2, 2, 0),
        ("command", 2, 2, 0),
    ]


@on_sqlite
def test_delivery_that_could_not_be_mapped_is_named_and_replayed(
    engine, store_url, command: Command
):
    world = small_world()
    run, _ = finished(world)
    deliver(engine, world, app_of(world), of("workflow_run", run))
    held = last(world, run)
    production_doors.quarantine(engine, held, "workflow_run: a mistake that was mended since")
    with served(world, store_url):
        done = command(*AUDIT, "--json")
        assert (done.code, found_in(done)) == (
            1,
            [("quarantined", held.guid), ("run", str(run))],
        )
        done = command(*AUDIT, "--json", "--repair")
        assert (done.code, found_in(done)) == (0, [])


@on_sqlite
def test_delivery_in_the_spool_is_named(engine, store_url, command: Command, bare):
    world = small_world()
    _, (lost, _) = finished(world)
    deliver(engine, world, app_of(world), of("workflow_job", lost))
    waiting = last(world, lost, "workflow_job")
    spool = Spool(bare / "data" / "spool")
    spool.put(waiting)
    spool.close()
    with served(world, store_url):
        done = command(*AUDIT, "--json")
        assert (done.code, found_in(done)) == (1, [("job", str(lost)), ("spooled", waiting.guid)])
        done = command(*AUDIT, "--offline", "--json")
        assert (done.code, found_in(done)) == (1, [("spooled", waiting.guid)])
        # What was in it came by another way: the delivery itself still waits.
        done = command(*AUDIT, "--json", "--repair")
        assert (done.code, found_in(done)) == (1, [("spooled", waiting.guid)])


@on_sqlite
def test_job_that_a_backfill_had_read_is_missed_only_when_asked_for_deeply(
    engine, store_url, command: Command
):
    world = small_world()
    _, (first, _) = finished(world)
    with served(world, store_url) as github:
        assert command(*REPO).code == 0
        with engine.begin() as connection:
            connection.execute(sa.delete(jobs).where(jobs.c.gitid == first))
        asked = len(github.requests)
        assert command(*AUDIT).code == 0
        assert not any("/jobs" in one.path for one in github.requests[asked:])
        done = command(*AUDIT, "--deep", "--json")
        assert (done.code, found_in(done)) == (1, [("job", str(first))])
        assert command(*AUDIT, "--deep", "--repair").code == 0


@on_sqlite
def test_renamed_repository_is_audited_by_either_name(engine, store_url, command: Command):
    world = small_world()
    repo = app_of(world)
    finished(world)
    world.rename(repo, "application", after=60)
    finished(world)
    deliver(engine, world, repo)
    with served(world, store_url):
        for name in ("octo-org/app", "octo-org/application"):
            done = command("-r", name, "--audit", "--since", "2026-03-01", "--json")
            assert (done.code, told(done)["repository"]) == (0, "octo-org/application")
        done = command(*AUDIT, "--offline", "--json")
        assert (done.code, told(done)["repository"]) == (0, "octo-org/application")


@on_sqlite
def test_repository_that_github_does_not_know_is_not_complete(engine, store_url, command: Command):
    world = small_world()
    with served(world, store_url):
        done = command("-r", "octo-org/ap", "--audit", "--json")
    assert done.code == 1
    failed = {"repository": "octo-org/ap", "vendor": "github"}
    failed["error"] = "not found, or the key may not see it"
    assert json.loads(done.out) == {"complete": False, "repositories": [], "failed": [failed]}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--json",), "--json: is for --audit and --explain only"),
        (("--repair",), "--repair: is for --audit only"),
        (("--audit", "--offline", "--repair"), "--repair: asks GitHub: leave --offline out"),
        (("--audit", "--replay"), "--replay: has no effect with --audit"),
        (("--audit", "-m", "5"), "--max_runs: has no effect with --audit"),
        (("--audit", "-t", "30d"), "--last_time: has no effect with --audit"),
        (("--audit", "--dry-run"), "--dry-run: has no effect with --audit"),
        (("--audit", "--since", "tomorrow"), "--since: 'tomorrow' is not a date like"),
        (
            ("--since", "30d"),
            "--since: is for --replay, --audit and --reasons only; a backfill",
        ),
    ],
)
def test_flag_without_effect_is_refused(command: Command, words, why):
    done = command(*REPO, *words)
    assert (done.code, done.out) == (2, "")
    assert why in done.err


def test_audit_without_a_database_says_so(bare, command: Command):
    done = command(*REPO, "--audit", "--offline")
    assert (done.code, done.err) == (
        2,
        "local-database.py: there is no database yet, so nothing to audit\n",
    )


@on_sqlite
def test_audit_that_may_ask_no_more_says_nothing_of_what_it_did_not_see(
    engine, store_url, command: Command
):
    world = small_world()
    finished(world)
    deliver(engine, world, app_of(world))
    with served(world, store_url):
        done = command(*AUDIT, "--json", "--max-requests", "3")
    assert (done.code, done.out) == (3, "")
    assert "--max-requests is reached" in done.err


@on_sqlite
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_audit_whose_reader_has_left_ends_at_once(engine, store_url, form: tuple[str, ...]):
    # At the interpreter's end its threads run no more, and were waited for: for ever.
    world = small_world()
    finished(world)
    deliver(engine, world, app_of(world))
    words = [sys.executable, str(ROOT / "local-database.py"), *AUDIT, *form]
    with (
        served(world, store_url),
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as audit,
    ):
        assert audit.stdout is not None
        audit.stdout.close()
        try:
            told = audit.communicate(timeout=40)[1]
        finally:
            audit.kill()
    assert "Traceback" not in told
    assert audit.returncode == 1
