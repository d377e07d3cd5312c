"""The runs of an error, and the errors of its problem, are those that all its failures tell."""

import random
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, distinct, func, insert, select

from schema.tables.failures import failures
from store.errors import nearby_errors, one_error
from store.errors.error_filter import ErrorFilter
from tests.dashboard import stored

END = datetime(2026, 4, 6)
WANTED = ErrorFilter(END - timedelta(days=30), END, kind="")
MANY, FEW = "2:5", "2:c"


def fill(engine: Engine) -> None:
    """Store failures of runs that fail again for days, in some of which one error is often."""
    chance, repoid = random.Random(3), stored.repo(engine)
    rows = list[dict[str, Any]]()
    for number in range(900):
        run = chance.choice((number, chance.randrange(60)))
        error = chance.choice(
            (MANY, MANY, MANY, "2:4", "2:6", "2:7", FEW if number % 40 == 0 else "2:8")
        )
        problem = "2:p" if error in (MANY, "2:4", "2:6", "2:7") else "2:q"
        ended = END - timedelta(minutes=chance.randrange(60 * 24 * 40))
        for place in (1, 2)[: chance.randint(1, 2)]:
            rows.append({
                "provider": "github" if run % 7 else "github:ghes.example.org",
                "jobgitid": number, "number": place, "repoid": repoid, "kind": "cause",
                "rungitid": run if number % 31 else None, "source": "log",
                "message": f"{error} in {number}", "fingerprint": error, "problem": problem,
                "time": ended,
            })  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(failures), rows)


def count_runs(engine: Engine, fingerprint: str) -> list[tuple[Any, ...]]:
    """Return the runs of an error by one statement over all its failures."""
    f = failures.c
    time, number = func.max(f.time), func.count(distinct(f.jobgitid))
    query = select(f.provider, f.rungitid, number, time).group_by(f.provider, f.rungitid)
    query = query.where(f.fingerprint == fingerprint, f.rungitid.is_not(None))
    query = query.where(f.time >= WANTED.since, f.time < WANTED.until)
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(time.desc(), f.rungitid.desc()))
        return [tuple(row) for row in rows]


def test_runs_of_an_error_are_the_latest_with_all_their_jobs(engine: Engine):
    fill(engine)
    for fingerprint in (MANY, FEW):
        every = count_runs(engine, fingerprint)
        assert len(every) > (100 if fingerprint == MANY else 2)
        for most, skip in ((3, 0), (20, 0), (20, 15), (50, max(len(every) - 10, 0)), (9, 5000)):
            with engine.connect() as connection:
                runs = one_error.list_error_runs(connection, WANTED, fingerprint, most, skip)
            told = [(run.provider, run.gitid, run.jobs, run.time) for run in runs]
            assert told == every[skip : skip + most], (fingerprint, most, skip)


def test_errors_of_a_problem_are_ranked_with_their_latest_messages(engine: Engine):
    fill(engine)
    f = failures.c
    in_days = (f.time >= WANTED.since, f.time < WANTED.until)
    with engine.connect() as connection:
        error = one_error.find_error(connection, MANY)
        assert error is not None
        told = nearby_errors.list_same_problem(connection, WANTED, error, 2)
        number = func.count(distinct(f.jobgitid))
        query = select(f.fingerprint, number).where(f.problem == "2:p", f.fingerprint != MANY)
        query = query.where(*in_days).group_by(f.fingerprint)
        expected = connection.execute(query.order_by(number.desc(), f.fingerprint)).all()
        assert [(one.fingerprint, one.jobs) for one in told] == [tuple(row) for row in expected[:2]]
        assert len(expected) == 3
        for one in told:
            own = select(f.message).where(f.fingerprint == one.fingerprint, *in_days)
            latest = own.order_by(f.time.desc(), f.Id.desc()).limit(1)
            assert one.message == connection.scalar(latest)
        alone = error._replace(fingerprint=FEW, problem="2:z")
        assert nearby_errors.list_same_problem(connection, WANTED, alone, 2) == []
