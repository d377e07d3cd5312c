"""Runs that are stored are merged by their numbers, where an engine finds them so sooner."""

import re

from sqlalchemy import Engine, event, select

from engines import kind_of, reading
from schema.tables.ci import workflowruns
from tests.store.production_doors import deliver, told
from tests.stories.plain import SUCCESS


def named(engine: Engine) -> list[bool]:
    """Return, of each INSERT of runs to come, whether it brings numbers."""
    brings = list[bool]()

    def note(_: object, __: object, text: str, *___: object) -> None:
        columns = re.match(r"INSERT INTO [`\"]?workflowruns[`\"]? \(([^)]*)\)", text)
        if columns:
            brings.append("Id" in re.findall(r"\w+", columns[1]))

    event.listen(engine, "before_cursor_execute", note)
    return brings


def test_stored_run_brings_its_number_where_that_is_found_sooner(engine: Engine):
    kind = kind_of(engine)
    push, requested, *rest = told(SUCCESS)
    deliver(engine, [push, requested])
    with reading(engine).connect() as connection:
        before = connection.scalars(select(workflowruns.c.Id)).all()
        following = kind.next_number(connection, "workflowruns")
    brings = named(engine)
    deliver(engine, rest)
    with reading(engine).connect() as connection:
        assert connection.scalars(select(workflowruns.c.Id)).all() == before
        if kind.finds_by_number:  # an INSERT that finds a row by its key leaves a gap
            assert kind.next_number(connection, "workflowruns") == following
    assert brings
    assert set(brings) == {kind.finds_by_number}
