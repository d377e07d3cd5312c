"""Which failed jobs still need a reason, and what is written of one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy import Engine, event, insert, select

from engines import reading
from schema.tables.ci import jobs, repos
from schema.tables.failures import failures as table
from schema.tables.rollups import dirtyruns
from store import delete_repository
from store.state import failures
from store.state.failures import FailedJob, FailedJobFilter, FailureReason

NOON = datetime(2026, 3, 2, 12)
LONG = "é😀" * 100_000


def job(number: int, **more: object) -> dict[str, object]:
    usual = {
        "provider": "github",
        "gitid": number,
        "repoid": 1,
        "rungitid": 7,
        "attempt": 1,
        "name": "build",
        "conclusion": "failure",
        "createtime": NOON + timedelta(seconds=number % 100),
        "endtime": NOON + timedelta(minutes=5),
        "inherited": False,
        "gated": False,
        "failedstep": "make",
        "steps": None,
    }
    return {**usual, **more}


def store(engine: Engine, *rows: dict[str, object]) -> None:
    with engine.begin() as connection:
        connection.execute(insert(jobs), list(rows))


def wanted(engine: Engine, repoids: tuple[int, ...] = (1,), most: int = 10) -> list[int]:
    with reading(engine).connect() as connection:
        wish = FailedJobFilter(repoids, NOON, NOON + timedelta(minutes=5))
        found = failures.list_unread(connection, wish, most)
        assert failures.count_unread(connection, wish) >= len(found)
    return [one.jobgitid for one in found]


def test_failed_jobs_without_a_reason_are_wanted_the_latest_first(engine: Engine):
    store(
        engine,
        job(1),
        job(2, conclusion="timed_out"),
        job(3, conclusion="success"),
        job(4, conclusion="cancelled"),
        job(5, conclusion=None),
        job(6, inherited=True),
        job(7, repoid=2),
        job(8, createtime=NOON - timedelta(seconds=1)),
        job(9, endtime=NOON + timedelta(minutes=6)),
        job(30_000_000_010),
    )
    assert wanted(engine) == [30_000_000_010, 2, 1]
    assert wanted(engine, most=1) == [30_000_000_010]
    assert wanted(engine, repoids=(1, 2)) == [30_000_000_010, 7, 2, 1]
    assert wanted(engine, repoids=()) == []


def test_job_that_ended_years_ahead_is_wanted_at_once(engine: Engine):
    store(engine, job(1, endtime=datetime(2090, 1, 1)), job(2, endtime=NOON + timedelta(hours=1)))
    wish = FailedJobFilter((1,), NOON, NOON, NOON + timedelta(days=1))
    with reading(engine).connect() as connection:
        assert [one.jobgitid for one in failures.list_unread(connection, wish, 10)] == [1]


def test_job_with_a_reason_is_not_wanted_any_more(engine: Engine):
    store(engine, job(1), job(2))
    with reading(engine).connect() as connection:
        wish = FailedJobFilter([1], NOON, NOON + timedelta(minutes=5))
        (failed, _) = failures.list_unread(connection, wish, 10)
    failures.store_reasons(engine, failed, [FailureReason("none", "gone")])
    assert wanted(engine) == [1]


def test_reason_is_written_whole_and_in_place_of_an_older_one(engine: Engine):
    failed = FailedJob("github", 2, 1, 7, 3, "build", "make", NOON, "[]")
    failures.store_reasons(
        engine, failed, [FailureReason("none", "gone"), FailureReason("none", "gone")]
    )
    finding = FailureReason(
        "log", None, LONG, "before", "masked", "1:ab", "src/a.c", 3, "end", "1:p"
    )
    failures.store_reasons(engine, failed, [finding])
    with reading(engine).connect() as connection:
        (row,) = connection.execute(select(table)).mappings()
    assert {name: value for name, value in row.items() if name != "Id"} == {
        "provider": "github",
        "jobgitid": 2,
        "number": 1,
        "repoid": 1,
        "rungitid": 7,
        "attempt": 3,
        "job": "build",
        "step": "make",
        "source": "log",
        "absence": None,
        "message": LONG,
        "context": "before",
        "masked": "masked",
        "fingerprint": "1:ab",
        "path": "src/a.c",
        "line": 3,
        "kind": "end",
        "problem": "1:p",
        "time": NOON,
    }


def test_reasons_of_many_jobs_are_written_at_once_where_none_are_kept(engine: Engine):
    def failed(number: int) -> FailedJob:
        return FailedJob("github", number, 1, 7, 1, "build", "make", NOON, steps="[]")

    failures.store_reasons(engine, failed(2), [FailureReason("log", message="kept")])
    new = [FailureReason("annotation", message="a"), FailureReason("annotation", message="b")]
    found = [(failed(number), new) for number in (1, 2, 3, 3)]
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    for _ in range(2):
        with engine.begin() as connection:
            failures.write_new_reasons(connection, found)
    assert sum("failures" in one for one in statements) == 2 + 1  # the second time only looks
    with engine.connect() as connection:
        query = select(table.c.jobgitid, table.c.number, table.c.message, table.c.time)
        rows = connection.execute(query.order_by(table.c.jobgitid, table.c.number)).all()
        marks = connection.execute(select(dirtyruns.c.rungitid)).scalars().all()
    assert [tuple(row) for row in rows] == [
        (1, 1, "a", NOON),
        (1, 2, "b", NOON),
        (2, 1, "kept", NOON),
        (3, 1, "a", NOON),
        (3, 2, "b", NOON),
    ]
    assert marks == [7]


def test_forgotten_repository_takes_its_reasons_along(engine: Engine):
    with engine.begin() as connection:
        for number, name in ((1, "org/gone"), (2, "org/kept")):
            values = {"provider": "github", "gitid": number, "name": name, "Id": number}
            connection.execute(insert(repos), values)
    for number in (1, 2):
        failed = FailedJob("github", number, number, 7, 1, "build", None, NOON)
        failures.store_reasons(engine, failed, [FailureReason("none", "silent")])
    (key,) = delete_repository.list_repositories(engine, "org/gone")
    assert delete_repository.count_rows(engine, key) == {"failures": 1}
    assert delete_repository.forget(engine, key)["failures"] == 1
    with reading(engine).connect() as connection:
        assert connection.scalars(select(table.c.repoid)).all() == [2]


def test_times_of_the_failed_step_are_found():
    steps = (
        '[{"name": "make", "conclusion": "success", "starttime": "2026-03-02 12:00:00.000000",'
        ' "endtime": "2026-03-02 12:00:05.000000"},'
        ' {"name": "make", "conclusion": "failure", "starttime": "2026-03-02 12:00:05.000000",'
        ' "endtime": "2026-03-02 12:00:09.500000"}]'
    )
    failed = FailedJob("github", 2, 1, 7, 3, "build", "make", NOON, steps)
    assert failures.span_of(failed) == ("2026-03-02T12:00:05", "2026-03-02T12:00:09")
    assert failures.span_of(failed._replace(step="other")) is None
    assert failures.span_of(failed._replace(steps=None)) is None


def test_jobs_that_ended_at_any_time_are_wanted_unless_an_end_is_given(engine: Engine):
    store(engine, job(1))
    with reading(engine).connect() as connection:
        assert failures.count_unread(connection, FailedJobFilter([1], NOON)) == 1


def test_reasons_read_again_replace_a_message_by_another_and_never_by_none(engine: Engine):
    failed = FailedJob("github", 2, 1, 7, 3, "build", "make", NOON, "[]")
    gone, coded = FailureReason("none", "gone"), FailureReason("annotation", "huge", "exit code 1")
    first = FailureReason("log", None, LONG, "before", "masked", "2:a", "a.c", 3, "cause", "2:p")
    silent = FailureReason("annotation", "silent", "exit code 1")
    steps = (
        ([gone], failures.CHANGED, [gone]),
        ([gone], failures.SAME, [gone]),
        ([first, coded], failures.CHANGED, [first, coded]),
        ([first, coded], failures.SAME, [first, coded]),
        ([gone], failures.KEPT, [first, coded]),
        ([coded], failures.KEPT, [first, coded]),
        ([silent], failures.CHANGED, [silent]),
    )
    columns = [table.c[name] for name in FailureReason._fields]
    for findings, outcome, stored in steps:
        assert failures.replace_reasons(engine, failed, findings) == outcome
        with reading(engine).connect() as connection:
            rows = connection.execute(select(*columns).order_by(table.c.number))
            assert [FailureReason(*row) for row in rows] == stored


def test_two_that_read_one_job_at_once_leave_the_rows_of_one(engine: Engine):
    failed = FailedJob("github", 2, 1, 7, 3, "build", "make", NOON, "[]")
    said = [FailureReason("log", message=f"said {number}") for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(failures.replace_reasons, engine, failed, [one]) for one in said]
        assert {task.result() for task in tasks} <= {failures.CHANGED}
    with reading(engine).connect() as connection:
        (row,) = connection.execute(select(table.c.number, table.c.message))
    assert row.number == 1
    assert row.message in {one.message for one in said}
