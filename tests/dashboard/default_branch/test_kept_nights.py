"""What was missed in nights that ended is kept, and follows what comes late."""

import random
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from config.calendar import days
from schema.tables.ci import repos, workflows
from schema.tables.rollups import rollspans
from store.history import missed_nights
from store.history.expected_nights import PAST
from store.reads.nights import read_made_nights
from store.rollups.spans import RollupPlan
from store.write import changed_runs
from tests.dashboard import stored
from tests.dashboard.browsing import UTC_NOON
from tests.dashboard.conftest import NOW, MakeClient, text_of
from tests.dashboard.default_branch.test_missed_nights import DAY, nightly
from tests.store.rollups.making import make_all

PLAN = RollupPlan(UTC_NOON)
NIGHTS = 45


def cells(client: FlaskClient, repoid: int) -> dict[str, str]:
    """The state of a repository's nights on the page, by date."""
    link = f'" href="/nights/{repoid}/'
    parts = text_of(client, "/?nights=14").split(link)
    return {after[:10]: before.rpartition('class="cell ')[2] for before, after in pairwise(parts)}


def count_judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many nights each page judged anew."""
    judged, find_missed = list[int](), missed_nights.find_missed

    def find(connection: Any, plan: Any, results: Any, nights: Any, *others: Any) -> Any:
        judged.append(len(nights))
        return find_missed(connection, plan, results, nights, *others)

    monkeypatch.setattr(missed_nights, "find_missed", find)
    return judged


def test_missed_nights_are_kept_until_a_night_or_one_before_is_made_anew(
    store_url: str, engine: sa.Engine, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
):
    every = nightly(engine, "acme/every", NIGHTS, 0)
    ledger = stored.repo(engine, "acme/ledger")
    gaps = (9, 5)
    for back in range(NIGHTS, -1, -1):
        if back not in gaps:
            at = NOW.replace(hour=2, minute=30) - DAY * back
            stored.run(engine, ledger, at, workflowgitid=7)
    client = make_client(store_url, now=NOW)
    before = cells(client, ledger)
    missed = {str((NOW - DAY * back).date()) for back in gaps}
    assert {day for day, state in before.items() if state == "failed"} == missed
    make_all(engine, PLAN, NOW)
    judged = count_judged(monkeypatch)
    assert cells(client, ledger) == before
    assert cells(client, ledger) == before
    # Of 14 nights the one that goes on is judged again, and the 13 that ended are not.
    assert judged == [14, 1]

    # The run of five nights ago comes late: its night, and those after it, are judged anew.
    late = NOW.replace(hour=2, minute=30) - DAY * 5
    gitid = stored.run(engine, ledger, late, workflowgitid=7)
    with engine.begin() as connection:
        changed_runs.note_changes(connection, [("github", gitid)])
    make_all(engine, PLAN, NOW)
    after = cells(client, ledger)
    assert {day for day, state in after.items() if state == "failed"} == missed - {str(late.date())}
    assert judged[-1] == 1 + 5
    assert set(cells(client, every).values()) == {"passed"}

    # What a server says of a workflow, or of a repository, holds for what is kept, too.
    state = {"gitid": 7, "repoid": ledger, "state": "disabled_manually"}
    stored.put(engine, workflows, provider="github", **state)
    assert "failed" not in cells(client, ledger).values()
    with engine.begin() as connection:
        connection.execute(sa.update(workflows).values(state="active"))
    assert "failed" in cells(client, ledger).values()
    with engine.begin() as connection:
        connection.execute(sa.update(repos).where(repos.c.Id == ledger).values(archived=True))
    assert "failed" not in cells(client, ledger).values()


def test_night_that_ended_goes_by_the_name_that_a_workflow_has_since(
    store_url: str, engine: sa.Engine, make_client: MakeClient
):
    # The file is moved four nights ago: for one night its workflow is called as the file is.
    ledger = nightly(engine, "acme/ledger", NIGHTS, 4, workflowgitid=7)
    nightly(engine, "acme/every", NIGHTS, 0)
    path, at = ".github/workflows/nightly.yml", NOW.replace(hour=2, minute=30)
    stored.run(engine, ledger, at - DAY * 3, workflowgitid=8, workflowname=path)
    make_all(engine, PLAN, NOW)
    client, moved = make_client(store_url, now=NOW), str((NOW - DAY * 3).date())
    assert cells(client, ledger)[moved] == "failed"
    late = [stored.run(engine, ledger, at - DAY * back, workflowgitid=8) for back in (2, 1, 0)]
    with engine.begin() as connection:
        changed_runs.note_changes(connection, [("github", gitid) for gitid in late])
    make_all(engine, PLAN, NOW)
    assert cells(client, ledger)[moved] == "passed"
    assert cells(make_client(store_url, now=NOW), ledger)[moved] == "passed"


def test_night_that_lacks_its_roll_up_keeps_nothing(
    store_url: str, engine: sa.Engine, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
):
    nightly(engine, "acme/ledger", NIGHTS, 2)
    make_all(engine, PLAN, NOW)
    with engine.begin() as connection:
        begin = UTC_NOON.begin((NOW - timedelta(days=20)).date())
        connection.execute(sa.delete(rollspans).where(rollspans.c.begintime == begin))
    client, judged = make_client(store_url, now=NOW), count_judged(monkeypatch)
    first = text_of(client, "/?nights=14")
    assert text_of(client, "/?nights=14") == first
    assert judged == [14, 14]
    assert "expected 02:30, did not run" in first


def list_tonight(engine: sa.Engine, *, keeps: bool) -> list[str]:
    """What is missed in the night that goes on and the one before, by what is kept or anew."""
    nights = days(NOW.date() - DAY, NOW.date())
    with engine.connect() as connection:
        read = days(nights[0] - DAY * PAST, nights[1])
        results, _, made = read_made_nights(connection, PLAN, read)
        own = made if keeps else None
        missed = missed_nights.list_missed(connection, PLAN, results, nights, NOW, own)
    return sorted(map(str, missed))


@pytest.mark.parametrize("seed", range(4))
def test_times_that_are_kept_tell_what_those_in_the_store_do(engine: sa.Engine, seed: int):
    chance = random.Random(seed)
    flows = [(stored.repo(engine, f"acme/app-{flow}"), flow) for flow in range(8)]
    usual = {flow: timedelta(minutes=chance.randrange(60, 200)) for _, flow in flows}

    def run(repoid: int, flow: int, back: int) -> int:
        at = NOW.replace(hour=0, minute=0) - DAY * back + usual[flow]
        own = {"workflowgitid": flow} if flow % 3 else {"workflowname": f"Nightly {flow}"}
        off = timedelta(minutes=chance.choice((0, 5, 5, 60)))
        return stored.run(engine, repoid, min(at + off, NOW), **own)

    for repoid, flow in flows:
        for back in range(40, 0, -1):
            if chance.random() < 0.93:
                run(repoid, flow, back)
    make_all(engine, PLAN, NOW)
    told = list[int]()
    for _ in range(6):
        missed = list_tonight(engine, keeps=False)
        assert list_tonight(engine, keeps=True) == missed
        assert list_tonight(engine, keeps=True) == missed
        told.append(len(missed))
        late, tonight = chance.sample(flows, 2)
        gitid = run(*late, chance.randrange(1, 12))
        with engine.begin() as connection:
            changed_runs.note_changes(connection, [("github", gitid)])
        make_all(engine, PLAN, NOW)
        run(*tonight, 0)  # of which no roll-up tells yet
    assert len(set(told)) > 2
