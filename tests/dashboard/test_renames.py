"""Whatever workflows and repositories are called meanwhile: the same is new, going on and flaky."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from dashboard.pages.shown_nights import read_shown_nights
from dashboard.view.night_changes import find_changes
from schema.tables.ci import repos
from store.figures.flaky_jobs import list_flakes
from tests.counts import count
from tests.dashboard import identity, stored
from tests.dashboard.conftest import NOW
from tests.dashboard.identity import DAY, LAST_NIGHT

NAMES = ("Nightly", "nightly", "CI", ".github/workflows/ci.yml")
WORKFLOWS = (501, 502, 503)


class Ended(NamedTuple):
    """A run: how many nights ago, which of its repositories and workflows, and how it ended."""

    night: int
    repository: int
    workflow: int
    conclusion: str
    name: str


HISTORY = st.lists(
    st.builds(
        Ended,
        st.integers(0, 4),
        st.integers(0, 1),
        st.sampled_from(WORKFLOWS),
        st.sampled_from(("success", "failure")),
        st.sampled_from(NAMES),
    ),
    min_size=1,
    max_size=14,
)


def write(engine: Engine, history: list[Ended], is_renamed: bool) -> list[int]:
    """Store a history, and return the Ids of its repositories.

    With `is_renamed` each run has the name that was drawn for it, and both repositories end with
    one name; without, names are as different as ids.
    """
    number = next(stored.numbers)
    repoids = [stored.repo(engine, f"octo-org/app-{number}-{one}") for one in (0, 1)]
    for place, run in enumerate(sorted(history, key=lambda run: -run.night)):
        created = LAST_NIGHT - run.night * DAY + timedelta(seconds=place)
        name = run.name if is_renamed else f"workflow {run.workflow}"
        repoid = repoids[run.repository]
        identity.ended(engine, repoid, run.workflow, name, created, run.conclusion)
    if is_renamed:
        with engine.begin() as connection:
            renaming = update(repos).where(repos.c.Id.in_(repoids))
            connection.execute(renaming.values(name=f"octo-org/app-{number}"))
    return repoids


def judged(engine: Engine, client: FlaskClient, repoids: list[int]) -> Iterator[tuple[object, ...]]:
    """Yield what is said of these repositories, without any name."""
    with client.application.test_request_context("/"):
        client.application.preprocess_request()
        shown = read_shown_nights(14)
    own = [row for row in shown.rows if row.repoid in repoids]
    changes = find_changes(own, shown.last)
    for kind in ("new", "going_on", "fixed"):
        for one in getattr(changes, kind):
            place = repoids.index(one.repoid)
            yield kind, place, one.failure.workflowkey, one.nights, one.first, one.oldest
    for row in own:
        yield "states", repoids.index(row.repoid), *(cell.state for cell in row.cells)
    with engine.connect() as connection:
        for flake, *_ in list_flakes(connection, (NOW - 30 * DAY, NOW)):
            if flake.repoid in repoids:
                figures = (flake.commits, flake.flaky, flake.failures)
                yield "flaky", repoids.index(flake.repoid), flake.workflowgitid, *figures


def test_renames_change_nothing_that_is_said(engine: Engine, client: FlaskClient):
    @settings(
        max_examples=count(12, 60),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(HISTORY)
    def check(history: list[Ended]) -> None:
        plain, renamed = (write(engine, history, is_renamed) for is_renamed in (False, True))
        expected = sorted(judged(engine, client, plain), key=repr)
        assert sorted(judged(engine, client, renamed), key=repr) == expected

    check()
