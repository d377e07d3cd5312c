"""Runs that are settled: what was listed anew meanwhile stays as it was listed."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from store.state import backfill_progress
from store.state.backfill_progress import DONE, DUE, Note, RunRead, Settled

NOON, LATER = datetime(2026, 3, 2, 12), datetime(2026, 3, 2, 13)
REPO = 7


def due(number: int, attempt: int = 1, updatetime: datetime | None = NOON) -> RunRead:
    """Return a run as it was listed."""
    return RunRead(number, NOON, attempt, updatetime, True, 0, DUE)


def done(run: RunRead) -> RunRead:
    """Return a run that was read to its end."""
    return run._replace(state=DONE, whole=run.attempt)


def test_settled_runs_are_done_unless_they_were_listed_anew(engine: Engine):
    listed = [due(1), due(2, 3), due(3, updatetime=None), due(4, 2), due(5, updatetime=LATER)]
    read = [due(1), due(2, 3), due(3, updatetime=None), due(4, 1), due(5), due(6)]
    with engine.begin() as connection:
        backfill_progress.put_runs(connection, REPO, listed)
        backfill_progress.put_runs(connection, REPO + 1, [due(1)])
        backfill_progress.settle(connection, REPO, [done(run) for run in read])
        found = backfill_progress.runs_read(connection, REPO, [1, 2, 3, 4, 5, 6])
        others = backfill_progress.runs_read(connection, REPO + 1, [1])
    assert found == {
        1: done(due(1)),
        2: done(due(2, 3)),
        3: done(due(3, updatetime=None)),
        4: due(4, 2),
        5: due(5, updatetime=LATER),
    }
    assert others == {1: due(1)}


def test_runs_settled_in_a_row_take_one_update_between_the_notes_around_them(engine: Engine):
    said: list[str] = []

    def note(name: str) -> Note:
        return lambda connection: said.append(name)

    def watch(*arguments: object) -> None:
        said.append(str(arguments[2]).split()[0])

    notes: list[Note] = [
        note("before"),
        *(Settled(REPO, done(due(number))) for number in range(1, 60)),
        note("between"),
        Settled(REPO, done(due(60))),
        Settled(REPO + 1, done(due(60))),
    ]
    with engine.begin() as connection:
        backfill_progress.put_runs(connection, REPO, [due(number) for number in range(1, 61)])
        backfill_progress.put_runs(connection, REPO + 1, [due(60)])
        sa.event.listen(connection, "before_cursor_execute", watch)
        run_all(connection, notes)
    with engine.connect() as connection:
        assert backfill_progress.count_done(connection, REPO) == 60
        assert backfill_progress.count_done(connection, REPO + 1) == 1
    one = ["SELECT", "UPDATE"]
    assert said == ["before", *one, "between", *one, *one]


def run_all(connection: Connection, notes: list[Note]) -> None:
    """Write notes as a batch does."""
    for note in backfill_progress.joined(notes):
        note(connection)
