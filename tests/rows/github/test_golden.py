"""Every recorded example of our events, stored into an empty database, gives the rows beside it.

tests/golden/<set>/<event>__<case>.json holds, per table, the rows that
tests/fixtures/<set>/<event>__<case>.json leaves behind. They were written by reading the payload:
never make them with the code. What they leave out:

- a table without rows, and a column that is NULL;
- Id, repoid and version, which say nothing about the payload;
- the delivery itself, and the mark that asks for new roll-ups.

Times are UTC; `labels` and `steps` of a job are their JSON.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engines import connect
from schema.tables.ci import metadata
from store.deliveries.table import Delivery
from tests.store import production_doors

TESTS = Path(__file__).resolve().parents[2]
FIXTURES, GOLDEN = TESTS / "fixtures", TESTS / "golden"
UNSAID = {"Id", "repoid", "version"}
ASIDE = {"deliveries", "dirtyruns"}
JSON_COLUMNS = {"labels", "steps"}
STEPS = tuple("provider jobgitid number name status conclusion starttime endtime".split())

Rows = dict[str, list[dict[str, Any]]]


def cases(folder: Path) -> set[str]:
    """Return the cases in a folder: `github/push__tag_created`."""
    found = (file.relative_to(folder).with_suffix("") for file in folder.glob("g*/*.json"))
    return {case.as_posix() for case in found}


EXPECTED = sorted(cases(GOLDEN))


def plain(column: str, value: Any) -> Any:
    """Return a stored value as JSON shows it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return json.loads(value) if value is not None and column in JSON_COLUMNS else value


def contents(url: str) -> Rows:
    """Return all rows of all tables but the deliveries, and of the steps view."""
    found = {}
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        for table in metadata.sorted_tables:
            if table.name not in ASIDE:
                rows = connection.execute(sa.select(table)).mappings().all()
                found[table.name] = [without_unsaid(row) for row in rows]
        view = connection.execute(sa.select(sa.text("*")).select_from(sa.table("steps")))
        found["steps"] = [step(row) for row in view.mappings()]
    return {name: ordered(rows) for name, rows in found.items() if rows}


def without_unsaid(row: Any) -> dict[str, Any]:
    """Return a row without the columns that the golden files leave out."""
    return {name: plain(name, value) for name, value in row.items() if name not in UNSAID}


def step(row: Any) -> dict[str, Any]:
    """Return a row of the view with one form of time: SQLite keeps the text of the JSON."""
    return {
        name: value.isoformat(" ", "microseconds") if isinstance(value, datetime) else value
        for name, value in row.items()
    }


def ordered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows in an order that does not depend on the engine."""
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True, default=str))


def complete(expected: Rows) -> Rows:
    """Return the golden rows with their NULL columns."""
    found = {}
    for name, rows in expected.items():
        columns = STEPS if name == "steps" else metadata.tables[name].columns.keys()
        unknown = {column for row in rows for column in row} - set(columns)
        assert not unknown, f"{name} has no column {unknown}"
        said = [column for column in columns if column not in UNSAID]
        found[name] = ordered([{column: row.get(column) for column in said} for row in rows])
    return found


def deliver(url: str, event: str, body: bytes) -> str:
    """Store a delivery with its rows, as the listener does."""
    delivery = Delivery(
        provider="github",
        guid="72d3162e-cc78-11e3-81ab-4c9367dc0958",
        hookid=None,
        event=event,
        action=None,
        repo=None,
        receivetime=datetime(2026, 3, 2, 12),
        body=body,
    )
    engine = connect(url)
    try:
        return production_doors.store(engine, delivery)
    finally:
        engine.dispose()


@pytest.mark.parametrize("case", EXPECTED)
def test_recorded_example_stored_leaves_exactly_the_rows_beside_it(store_url: str, case: str):
    event = Path(case).name.partition("__")[0]
    body = (FIXTURES / f"{case}.json").read_bytes()
    assert deliver(store_url, event, body) == "applied"
    expected = json.loads((GOLDEN / f"{case}.json").read_text(encoding="utf-8"))
    assert contents(store_url) == complete(expected)


def test_every_recorded_example_but_pings_has_its_rows_beside_it():
    # A ping is answered before anything is mapped.
    recorded = {case for case in cases(FIXTURES) if "/ping__" not in case}
    assert recorded == cases(GOLDEN)


def test_every_example_of_every_set_is_one_of_the_recorded_ones():
    index = json.loads((FIXTURES / "index.json").read_text(encoding="utf-8"))
    named = {file.removesuffix(".json") for files in index.values() for file in files.values()}
    assert named == cases(FIXTURES)
    assert set(index) == {"github", *(f"ghes-3{number}" for number in range(1, 6))}
