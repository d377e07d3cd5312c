"""What filters by names of jobs leave of failures, and where those were."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, update

from schema.tables.ci import jobs
from schema.tables.failures import failures
from schema.tables.rollups import rollspans
from store.errors import job_failures
from store.errors.error_days import Span
from store.errors.error_filter import ErrorFilter
from store.errors.error_places import EXAMPLES, ErrorNames, name_places
from store.errors.error_ranking import ErrorPage
from store.errors.kept_ranking import RankedErrors
from tests.dashboard import stored
from tests.store.errors.test_kept_ranking import BORDERS, CALENDAR, WANTED, ask, fill, roll

DAY = BORDERS[4]
HOUR = timedelta(hours=1)


def fail(
    engine: Engine, number: int, time: datetime, repoid: int, error: str, **names: str | None
) -> None:
    """Store a job with its names that failed with an error."""
    own = {"provider": "github", "repoid": repoid, "rungitid": number, "attempt": 1}
    reason = {"number": 1, "source": "log", "message": error, "kind": "cause", "time": time}
    with engine.begin() as connection:
        connection.execute(insert(jobs).values(**own, gitid=number, **names))
        connection.execute(
            insert(failures).values(
                **own, jobgitid=number, fingerprint=f"2:{error}", problem="2:p", **reason
            )
        )


def list_errors(engine: Engine, wanted: ErrorFilter) -> ErrorPage:
    """Return the errors that a filter leaves."""
    with engine.connect() as connection:
        return RankedErrors(connection, CALENDAR, BORDERS, wanted).list_errors(20)


def test_names_are_compared_alike_on_all_engines(engine: Engine):
    repoid = stored.repo(engine)
    names = ["Überprüfung", "überprüfung", "UBERPRUFUNG", "50% of a_b", "50 of aXb", None]
    for number, name in enumerate(names, 1):
        fail(engine, number, DAY + number * HOUR, repoid, "x", name=name, branchname="main")
    expected = {
        "ÜBER": 2, "uber": 1, '"überprüfung"': 2, '"über"': 0,
        "0% o": 1, "a_b": 1, "of a": 2, "%": 1, "none": 0, "": 6,
    }  # fmt: skip
    for ask_number in range(3):  # read, of ended days kept, then as they are kept
        if ask_number == 1:
            roll(engine)
        found = {
            name: sum(error.jobs for error in list_errors(engine, wanted).errors)
            for name in expected
            for wanted in [WANTED._replace(job=name or None, branch="MAIN")]
        }
        assert found == expected


def test_errors_of_a_filter_were_where_their_jobs_were(engine: Engine):
    first, second = stored.repo(engine, "octo-org/a"), stored.repo(engine, "octo-org/b")
    own: dict[str, str | None] = {"workflowname": "CI", "name": "test", "runnername": "r-1"}
    fail(engine, 1, DAY, first, "x", **own, branchname="main")
    fail(engine, 2, DAY + HOUR, first, "x", **own, branchname="dev")
    fail(engine, 3, DAY + 30 * HOUR, second, "x", **{**own, "runnername": None}, branchname="dev")
    fail(engine, 4, DAY + 31 * HOUR, second, "y", **{**own, "name": "lint"}, branchname="dev")
    wanted = WANTED._replace(branch="dev")
    for ask_number in range(3):
        if ask_number == 1:
            roll(engine)
        with engine.connect() as connection:
            ranked = RankedErrors(connection, CALENDAR, BORDERS, wanted)
            page = ranked.list_errors(20)
            places = ranked.name_places({error.fingerprint: error.jobs for error in page.errors})
        told = [(error.fingerprint, error.jobs, error.repositories) for error in page.errors]
        assert told == [("2:x", 2, 2), ("2:y", 1, 1)]
        assert page.errors[0].first == DAY + HOUR
        assert places == {
            "2:x": ErrorNames((first, second), ("CI",), ("test",), ("r-1",), ("dev",)),
            "2:y": ErrorNames((second,), ("CI",), ("lint",), ("r-1",), ("dev",)),
        }


def test_places_of_a_filter_that_all_jobs_pass_are_those_without_it(engine: Engine):
    fill(engine, seed=9)
    roll(engine)
    with engine.connect() as connection:
        wanted = WANTED._replace(workflow="ci")
        ranked = RankedErrors(connection, CALENDAR, BORDERS, wanted)
        counts = {error.fingerprint: error.jobs for error in ranked.list_errors(20).errors}
        assert max(counts.values()) > EXAMPLES > min(counts.values())
        assert ranked.name_places(counts) == name_places(connection, WANTED, counts)


def test_job_of_an_ended_day_has_its_new_name_when_the_roll_up_was_made_anew(engine: Engine):
    fail(engine, 1, DAY, stored.repo(engine), "x", name="old", runnername="r-1")
    roll(engine)
    assert list_errors(engine, WANTED._replace(job="old")).total == 1
    with engine.begin() as connection:
        connection.execute(update(jobs).values(name="new"))
        connection.execute(update(rollspans).values(revision=2))
    assert list_errors(engine, WANTED._replace(job="old")).total == 0
    assert list_errors(engine, WANTED._replace(job="new", runner="R-")).total == 1


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_names_that_differ_are_asked_of_what_was_read_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    fill(engine, seed=8)
    roll(engine)
    counted, read = list[int](), job_failures.read_failures

    def note(connection: Connection, spans: Sequence[Span]) -> Any:
        counted.append(len(spans))
        return read(connection, spans)

    monkeypatch.setattr(job_failures, "read_failures", note)
    for wanted in (WANTED._replace(job="li"), WANTED._replace(branch="dev", kind="")):
        ask(engine, wanted)
    # 26 ended days in parts of a block, and the two live ones: these alone with the second ask.
    assert counted == [16, 10, 2, 2]
