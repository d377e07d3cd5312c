"""Errors ranked by what each day comes to are those that all failures together tell."""

import itertools
import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Engine, delete, event, insert, update

from config.calendar import Calendar
from engines import count_anew
from schema.tables.ci import jobs
from schema.tables.failures import failures
from schema.tables.rollups import rollspans
from store.errors import error_days, error_ranking
from store.errors.error_days import DaysWanted, Span
from store.errors.error_filter import EXIT_CODES, KINDS, ErrorFilter
from store.errors.error_ranking import SORTS
from store.errors.kept_ranking import RankedErrors
from store.rollups import make
from store.rollups.spans import DAY, REVISION, RollupPlan
from store.state.failures import FailedJob, FailureReason, store_reasons
from tests.dashboard import stored
from tests.store.rollups.making import make_all

CALENDAR = Calendar(ZoneInfo("Europe/Berlin"), time(7, 30))
FIRST, LAST = date(2026, 3, 9), date(2026, 4, 5)  # a night of 23 hours is among them
BORDERS = CALENDAR.borders(FIRST, LAST)
WANTED = ErrorFilter(BORDERS[0], BORDERS[-1])
MADE = datetime(2026, 4, 6)
FAR = 500


def fill(engine: Engine, seed: int) -> list[int]:
    """Store jobs that failed in the days and before, with one to three messages each."""
    chance = random.Random(seed)
    repoids = [stored.repo(engine, f"octo-org/{name}") for name in "abc"]
    rows = list[dict[str, Any]]()
    for number in range(FAR):
        repoid = chance.choice(repoids)
        ended = (
            CALENDAR.day_begin(LAST) + timedelta(days=1) - timedelta(hours=chance.random() * 900)
        )
        for place in range(1, chance.randint(2, 4)):
            error = chance.choices([*EXIT_CODES[:1], *range(12)], [9, *range(1, 13)])[0]
            print_ = error if isinstance(error, str) else f"2:{error:x}"
            kind = chance.choice((None, "cause", "end", "vague")) if error == 7 else "cause"
            # Of an earlier release, which kept no kind: one of them says nothing.
            kind = None if error in (3, 4) else kind
            said = "BUILD FAILED" if error == 3 else f"error {error} at line {number}"
            rows.append({
                "provider": "github" if number % 9 else "github:ghes.example.org",
                "jobgitid": 77 if repoid == repoids[0] and number % 40 == 0 else 1000 + number,
                "number": place + 10 * number, "rungitid": number, "repoid": repoid,
                "source": "log", "message": said, "fingerprint": print_,
                "problem": f"2:of {str(error)[-1]}", "kind": kind, "time": ended,
            })  # fmt: skip
    times = {row["jobgitid"]: row["time"] for row in rows}  # a job's failures have one
    with engine.begin() as connection:
        connection.execute(
            insert(failures), [{**one, "time": times[one["jobgitid"]]} for one in rows]
        )
    its = {(row["provider"], row["jobgitid"]): row["repoid"] for row in rows}
    with engine.begin() as connection:
        connection.execute(insert(jobs), [
            {
                "provider": provider, "gitid": gitid, "repoid": repoid, "rungitid": gitid,
                "attempt": 1, "name": ("lint", "test")[gitid % 2], "workflowname": "CI",
                "branchname": ("dev", "main", None)[gitid % 3], "runnername": f"r-{gitid % 4}",
            }
            for (provider, gitid), repoid in its.items()
        ])  # fmt: skip
    count_anew(engine, [failures, jobs])
    return repoids


def roll(engine: Engine, *but: int) -> None:
    """Say that the days have roll-ups, but for some."""
    rows = [
        {
            "kind": DAY, "begintime": begin, "endtime": end, "rules": REVISION,
            "revision": 1, "rolltime": MADE,
        }
        for number, (begin, end) in enumerate(itertools.pairwise(BORDERS))
        if number not in but
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(rollspans), rows)


def ask(engine: Engine, wanted: ErrorFilter) -> list[Any]:
    """Return all that is told of errors."""
    with engine.connect() as connection:
        ranked = RankedErrors(connection, CALENDAR, BORDERS, wanted)
        pages = [ranked.list_errors(5, skip, by) for by in SORTS for skip in (0, 3, 90)]
        days = ranked.count_days([one.fingerprint for one in pages[0].errors])
        return [pages, days, ranked.count_kinds()]


def ask_plain(engine: Engine, wanted: ErrorFilter) -> list[Any]:
    """Return the same as the failures themselves tell it."""
    with engine.connect() as connection:
        pages = [
            error_ranking.list_errors(connection, wanted, 5, skip, by)
            for by in SORTS
            for skip in (0, 3, 90)
        ]
        prints = [one.fingerprint for one in pages[0].errors]
        days = error_ranking.count_days(connection, CALENDAR, BORDERS, wanted, prints)
        return [pages, days, error_ranking.count_kinds(connection, wanted)]


def all_filters(repoids: list[int]) -> list[ErrorFilter]:
    """Return filters of every kind that is kept."""
    new = WANTED._replace(is_new=True)
    some = [WANTED._replace(repoids=those) for those in (repoids[:1], repoids[1:], [])]
    told = [WANTED._replace(text=text) for text in ("LINE 1", "at line 2%", "nobody says so")]
    problems = [WANTED._replace(problem=name) for name in ("2:of 0", "2:of 7", "2:none")]
    kinds = [WANTED._replace(kind=kind) for kind in (*KINDS, "")]
    of_jobs = [
        WANTED._replace(job="lint"), WANTED._replace(branch="dev", kind=""),
        WANTED._replace(workflow='"CI"', runner="r-1"), WANTED._replace(job="li", is_new=True),
        WANTED._replace(job="lint", repoids=repoids[1:]),
        WANTED._replace(job="lint", text="at line 1"),
        WANTED._replace(branch="dev", problem="2:of 7"), WANTED._replace(job="nobody"),
    ]  # fmt: skip
    return [*kinds, new, *some, *told, *problems, *of_jobs]


def test_days_add_up_to_what_all_failures_tell(engine: Engine):
    repoids = fill(engine, seed=5)
    roll(engine, 3, 11)
    for _ in range(2):  # counted, then kept
        for wanted in all_filters(repoids):
            told = ask(engine, wanted)
            assert told == ask_plain(engine, wanted), wanted
    # Of twelve errors one says nothing, though it has no kind.
    first = ask(engine, WANTED)[0][0]
    assert "2:3" not in {one.fingerprint for one in first.errors}
    assert first.total == 11


def count_of(engine: Engine, wanted: ErrorFilter = WANTED) -> int:
    """Return how many jobs the errors have together."""
    with engine.connect() as connection:
        ranked = RankedErrors(connection, CALENDAR, BORDERS, wanted)
        return sum(one.jobs for one in ranked.list_errors(50).errors)


def test_ended_day_is_counted_again_only_when_its_roll_up_was_made_anew(engine: Engine):
    fill(engine, seed=6)
    roll(engine)
    before = ask_plain(engine, WANTED)
    assert ask(engine, WANTED) == before
    asked = list[Any]()

    def note(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        if "GROUP BY" in statement and "failures" in statement:
            asked.append(str(values))

    event.listen(engine, "before_cursor_execute", note)
    ask(engine, WANTED)
    event.remove(engine, "before_cursor_execute", note)
    # Errors and kinds of the last two days alone.
    assert len(asked) == 2
    day = BORDERS[9]
    mine = (failures.c.time >= day, failures.c.time < BORDERS[10])
    with engine.begin() as connection:
        connection.execute(delete(failures).where(*mine))
    assert ask(engine, WANTED)[1] == before[1]
    with engine.begin() as connection:
        again = update(rollspans).where(rollspans.c.begintime == day)
        connection.execute(again.values(revision=2))
    after = ask(engine, WANTED)
    assert after == ask_plain(engine, WANTED)
    assert after[1] != before[1]


def test_error_whose_latest_message_was_read_anew_has_the_new_one(engine: Engine):
    fill(engine, seed=7)
    roll(engine)
    error = ask(engine, WANTED)[0][0].errors[0]
    last = (failures.c.fingerprint == error.fingerprint, failures.c.message == error.message)
    with engine.begin() as connection:
        connection.execute(delete(failures).where(*last))
    again = {one.fingerprint: one for one in ask(engine, WANTED)[0][0].errors}
    plain = {one.fingerprint: one for one in ask_plain(engine, WANTED)[0][0].errors}
    assert again[error.fingerprint].message == plain[error.fingerprint].message
    assert again[error.fingerprint].message not in (None, error.message)


def test_reason_of_a_job_that_ended_the_day_after_it_was_made_shows(engine: Engine):
    repoid, plan = stored.repo(engine), RollupPlan(CALENDAR)
    midnight = CALENDAR.day_begin(date(2026, 3, 20))
    created, ended = midnight - timedelta(minutes=10), midnight + timedelta(minutes=30)
    old = stored.failed(engine, repoid, BORDERS[0] + timedelta(hours=1), fingerprint="2:old")
    gitid = stored.run(engine, repoid, created, conclusion="failure")
    jobid = stored.job(engine, repoid, gitid, created, conclusion="failure", endtime=ended)
    assert old != gitid
    make_all(engine, plan, BORDERS[-1])
    assert count_of(engine) == 1
    job = FailedJob("github", jobid, repoid, gitid, 1, "test", "Test", ended)
    store_reasons(engine, job, [FailureReason("log", message="x", fingerprint="2:new")])
    assert make.remake_changed(engine, plan) == 1
    assert count_of(engine) == 2


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_what_was_counted_before_an_ask_was_stopped_is_kept(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    fill(engine, seed=8)
    roll(engine)
    counted, read = list[int](), error_days.read_errors

    def stop(connection: Connection, wanted: DaysWanted, spans: Sequence[Span]) -> Any:
        counted.append(len(spans))
        if len(counted) == 2:
            raise TimeoutError
        return read(connection, wanted, spans)

    monkeypatch.setattr(error_days, "read_errors", stop)
    with pytest.raises(TimeoutError):
        ask(engine, WANTED)
    assert ask(engine, WANTED) == ask_plain(engine, WANTED)
    # 26 ended days in parts of which one was kept, and the two live ones.
    assert counted == [16, 10, 10, 2]
