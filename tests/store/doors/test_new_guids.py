"""Nobody asks whether guids are new: the database refuses one that is not, and then all are."""

from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import IntegrityError

from config.watch import watch
from engines import kind_of, reading
from schema.tables.ci import jobs
from schema.tables.deliveries import deliveries
from store.deliveries.table import Delivery, now
from store.doors import webhook
from store.doors.decide import decide_each
from store.doors.webhook import Outcomes, Rows, store_all, store_each
from tests.listener.sending import changed
from tests.store.production_doors import told
from tests.stories.plain import SUCCESS

ALL = [one.delivery for one in told(SUCCESS)]
RUN = "workflow_run__completed_success"


def sent(number: int, body: bytes) -> Delivery:
    """Return a delivery of a run."""
    return Delivery("github", f"guid-{number}", 7, "workflow_run", "completed", None, now(), body)


def store(engine: Engine, *those: Delivery, made: Rows | None = None) -> list[str]:
    """Store deliveries at once; return what became of each."""
    batch = list(decide_each(engine, watch(()), those))
    return [outcome.state for outcome in store_each(engine, batch, lambda *_: None, made=made)]


def stored(engine: Engine) -> list[tuple[str, int]]:
    """Return guid and attempts of each delivery."""
    with reading(engine).connect() as connection:
        query = select(deliveries.c.guid, deliveries.c.attempts).order_by(deliveries.c.guid)
        return [(guid, attempts) for guid, attempts in connection.execute(query)]


@pytest.fixture
def asked(engine: Engine) -> list[str]:
    """The statements from now on that read deliveries."""
    heard: list[str] = []

    def note(*given: Any) -> None:
        if given[2].startswith("SELECT deliveries.guid"):
            heard.append(given[2])

    event.listen(engine, "before_cursor_execute", note)
    return heard


def test_new_deliveries_are_not_asked_for(engine: Engine, asked: list[str]):
    assert store(engine, *ALL) == ["applied"] * len(ALL)
    for number, one in enumerate(ALL):
        assert store(engine, one._replace(guid=f"again {number}")) == ["applied"]
    assert asked == []
    assert len(stored(engine)) == 2 * len(ALL)


def test_delivery_that_was_applied_is_a_duplicate_among_new_ones(engine: Engine, asked: list[str]):
    first, *others = ALL
    assert store(engine, first) == ["applied"]
    assert store(engine, first) == ["duplicate"]
    wanted = ["applied", "duplicate", *["applied"] * (len(others) - 1)]
    assert store(engine, others[0], first, *others[1:]) == wanted
    assert len(asked) == 2
    assert stored(engine) == sorted((one.guid, 1) for one in ALL)


@pytest.mark.parametrize("made", [None, {}], ids=["alone", "beside others"])
def test_delivery_that_was_applied_is_a_duplicate_wherever_its_row_goes(
    engine: Engine, made: Rows | None
):
    others = ALL[1:]
    assert store(engine, *others, made=made) == ["applied"] * len(others)
    assert store(engine, *ALL, made=made) == ["applied"] + ["duplicate"] * len(others)
    assert stored(engine) == sorted((one.guid, 1) for one in ALL)


def test_deliveries_go_before_the_runs_are_locked_where_others_write(engine: Engine):
    """The server stores them while the transaction before has the runs until it is on the disk.

    Not PostgreSQL: a drain that has the runs and brings a guid of the batch, too, would wait for it
    and it for the drain until a second is over.
    """
    store(engine, ALL[0])
    store(engine, *(one._replace(guid=f"a second time {one.guid}") for one in ALL))
    heard: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: heard.append(given[2]))
    store(engine, *(one._replace(guid=f"a third time {one.guid}") for one in ALL), made={})
    places = [
        next(place for place, text in enumerate(heard) if text.startswith(begin))
        for begin in ("INSERT INTO deliveries", "SELECT workflowruns.gitid")
    ]
    assert (places == sorted(places)) == (kind_of(engine).name in ("mysql", "mariadb"))


def test_nothing_of_a_refused_transaction_is_left(engine: Engine):
    """The rows of the others were written before the guid was refused."""
    first, *others = ALL
    store(engine, first)
    batch = list(decide_each(engine, watch(()), ALL))
    with pytest.raises(IntegrityError):
        webhook.store_together(engine, batch, are_new=True)
    assert stored(engine) == [(first.guid, 1)]
    assert [outcome.state for outcome in store_all(engine, batch)].count("applied") == len(others)
    with reading(engine).connect() as connection:
        assert connection.scalars(select(jobs.c.gitid)).all()


def test_same_guid_twice_in_a_batch_is_stored_once(engine: Engine):
    assert store(engine, ALL[0], ALL[0]) == ["applied", "applied"]
    assert [guid for guid, _ in stored(engine)] == [ALL[0].guid]


def test_each_part_of_a_batch_is_told_when_it_is_stored(engine: Engine):
    bodies = [changed(RUN, workflow_run__id=number) for number in range(1, 5)]
    bodies[2] = changed(RUN, workflow_run__id=3, repository__full_name="org/" + "x" * 5000)
    batch = list(decide_each(engine, watch(()), [sent(*one) for one in enumerate(bodies)]))
    told = list[tuple[list[str], int]]()

    def note(outcomes: Outcomes) -> None:
        told.append(([outcome.state for outcome in outcomes], len(stored(engine))))

    outcomes = store_each(engine, batch, lambda *_: None, tell=note)
    assert told == [(["applied"] * 2, 2), (["quarantined"], 3), (["applied"], 4)]
    assert [one.state for one in outcomes] == ["applied", "applied", "quarantined", "applied"]
