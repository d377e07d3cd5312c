"""Jobs do not say which workflow they are of: they are counted for it once their run is stored."""

import json
from collections import Counter
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select

from config.calendar import Calendar
from fakegithub.world.history import history
from rows.github.events import rows_for
from schema.tables.rollups import rollups
from store.rollups.days import ALL, from_text
from store.rollups.spans import RollupPlan
from tests.store import production_doors
from tests.store.rollups.making import make_all

PLAN = RollupPlan(Calendar(ZoneInfo("UTC"), time(12)))
NOW = datetime(2026, 3, 14)


def count_workflows(engine: Engine) -> Counter[int | str]:
    """Return how many jobs the roll-ups of all days count, by what their workflow is known by."""
    make_all(engine, PLAN, NOW)
    counts = Counter[int | str]()
    with engine.connect() as connection:
        for text in connection.scalars(select(rollups.c.detail).where(rollups.c.repoid == ALL)):
            for _, name, number, _ in from_text(text).counts.get("workflow", ()):
                counts[json.loads(str(name))[1]] += number
    return counts


def test_jobs_are_counted_for_the_workflow_of_a_run_that_comes_after_them(engine: Engine):
    sent = list(history(seed=5, runs=12, jobs=2, repos=1, days=1).deliveries())
    mapped = [(one.event, rows_for(one.event, one.payload)) for one in sent]
    flows = {one.payload["workflow"]["id"] for one in sent if one.event == "workflow_run"}
    production_doors.write(engine, [rows for event, rows in mapped if event == "workflow_job"])
    early = count_workflows(engine)
    assert early.total() > 10
    assert {type(key) for key in early} == {str}
    production_doors.write(engine, [rows for event, rows in mapped if event != "workflow_job"])
    late = count_workflows(engine)
    assert late.total() == early.total()
    assert set(late) <= flows
