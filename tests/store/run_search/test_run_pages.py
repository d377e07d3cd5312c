"""A search for what is rare ends in time, and goes on where it ended."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from engines import deadline
from schema.tables.ci import workflowruns
from store.open import READ, open_engine
from store.reads.connection import StatementTimeout, limit_time
from store.run_search.conditions import RunFilter
from store.run_search.run_pages import FIRST, ListPosition, list_runs
from tests.dashboard import stored
from tests.dashboard.conftest import engine as engine
from tests.dashboard.settings import settings_for

NEWEST = datetime(2026, 3, 10)
COUNT = 4 * FIRST
# A million rows out of a thousand.
SLOW = sa.text(
    "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
    " SELECT COUNT(*) FROM n AS a CROSS JOIN n AS b"
)


@pytest.fixture
def reader(engine: sa.Engine, store_url: str, tmp_path: Path) -> Iterator[sa.Connection]:
    """Read as the pages do."""
    made = open_engine(settings_for(store_url, tmp_path), READ)
    with made.connect() as connection:
        yield connection
    made.dispose()


def fill(engine: sa.Engine) -> None:
    """Store COUNT runs, three in each minute; somebody else made the oldest."""
    repoid = stored.repo(engine)
    rows = [
        {
            "provider": "github",
            "gitid": number + 1,
            "repoid": repoid,
            "repo": "octo-org/app",
            "author": "rare" if number == COUNT - 1 else "usual",
            "createtime": NEWEST - timedelta(minutes=number // 3),
        }
        for number in range(COUNT)
    ]
    with engine.begin() as connection:
        for part in stored.batched(rows, 1000):
            connection.execute(workflowruns.insert(), part)


def test_search_without_time_looks_at_one_part_and_goes_on_from_there(
    engine: sa.Engine, reader: sa.Connection
):
    fill(engine)
    wanted, place, parts = RunFilter(author="rare"), None, 1
    while not (found := list_runs(reader, wanted, 50, place, seconds=0)).runs:
        assert found.searched is not None
        assert place is None or found.searched < place.createtime
        place, parts = ListPosition(found.searched, 0), parts + 1
    assert [run.gitid for run in found.runs] == [COUNT]
    assert (found.searched, parts) == (None, 4)
    assert list_runs(reader, wanted, 50) == found


def test_statement_is_ended_in_time_and_the_connection_stays(reader: sa.Connection):
    with pytest.raises(StatementTimeout), limit_time(reader, 0.002):
        reader.execute(SLOW).scalar()
    assert reader.execute(SLOW).scalar() == 1_000_000


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_end_of_the_whole_request_is_no_matter_of_one_statement(reader: sa.Connection):
    with pytest.raises(deadline.Late), deadline.within(0), limit_time(reader, 10):
        reader.execute(SLOW).scalar()
