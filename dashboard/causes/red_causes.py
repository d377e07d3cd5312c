"""Default branches that are red now, by what their newest runs say: a cause is told once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from config.groups import Group, Owner
from dashboard.causes.group_causes import Cause
from dashboard.causes.shown_causes import list_owners
from dashboard.view.suspect_commits import Suspects, compare_runs
from rows.words import RunKey
from store.failed_jobs import UNREAD, FirstError, read_run_errors
from store.history.red_now import RedWorkflow
from store.reads import nights
from store.reads import runs as reads
from store.state import acknowledgements, error_issues
from store.state.acknowledgements import Acknowledgement
from store.state.error_issues import ErrorIssue

MOST_ORIGINS = 4
"""Of how many it is read what came before: of those that the page does not fold."""
FRESH = timedelta(days=1)


class RedCause(NamedTuple):
    """Workflows that are red by one error, that which is red for longest first.

    `is_fresh` where that was within a day; `origin` is what came between its last good run and
    its first bad one.
    """

    workflows: tuple[RedWorkflow, ...]
    error: FirstError
    is_fresh: bool = False
    owners: tuple[Owner, ...] = ()
    issues: tuple[ErrorIssue, ...] = ()
    acknowledged: Acknowledgement | None = None
    origin: Suspects | None = None

    @property
    def first(self) -> RedWorkflow:
        """The workflow that is red for longest."""
        return self.workflows[0]

    @property
    def fingerprint(self) -> str | None:
        """What they have in common, None where it tells no cause."""
        return self.error.fingerprint if self.error.is_cause else None

    @property
    def repos(self) -> dict[int, str]:
        """The repositories, by repos.Id."""
        return {one.repoid: one.repository for one in self.workflows}


class RedNow(NamedTuple):
    """What is red now by cause; `told` is what failed last night, too, and is told there."""

    causes: tuple[RedCause, ...]
    told: tuple[RedCause, ...]

    @property
    def workflows(self) -> list[RedWorkflow]:
        """All of them."""
        return [one for cause in (*self.causes, *self.told) for one in cause.workflows]

    @property
    def told_workflows(self) -> list[RedWorkflow]:
        """Those that are told with last night."""
        return [one for cause in self.told for one in cause.workflows]


def read_red_now(
    connection: Connection,
    red: Sequence[RedWorkflow],
    failing: Iterable[Cause],
    groups: Sequence[Group],
    now: datetime,
) -> RedNow:
    """Return red workflows by causes, with whose they are and what is done about them.

    Those that `failing` tells of stand apart.
    """
    errors = read_run_errors(connection, [one.run for one in red])
    runs, places = set[RunKey](), set[tuple[str | None, int]]()
    for cause in failing:
        runs |= {(one.failure.provider, one.failure.rungitid) for one in cause.changes}
        places |= {(cause.fingerprint, repoid) for repoid in cause.repos if cause.fingerprint}

    def is_told(workflow: RedWorkflow) -> bool:
        said = errors.get(workflow.run, UNREAD).fingerprint
        return workflow.run in runs or (said, workflow.repoid) in places

    own = group_red([one for one in red if not is_told(one)], errors)
    told = group_red(filter(is_told, red), errors)
    traced = describe(connection, own, groups, now)
    return RedNow(
        tuple(
            cause._replace(origin=trace(connection, cause.first)) if place < MOST_ORIGINS else cause
            for place, cause in enumerate(traced)
        ),
        tuple(describe(connection, told, groups, now)),
    )


def group_red(red: Iterable[RedWorkflow], errors: Mapping[RunKey, FirstError]) -> list[RedCause]:
    """Return red workflows by what they have in common: by repositories, then by length."""
    alike: dict[object, list[RedWorkflow]] = {}
    for place, workflow in enumerate(sorted(red, key=lambda each: (each.since, each.repoid))):
        error = errors.get(workflow.run, UNREAD)
        key = error.fingerprint if error.is_cause and error.fingerprint else place
        alike.setdefault(key, []).append(workflow)
    causes = [RedCause(tuple(same), errors.get(same[0].run, UNREAD)) for same in alike.values()]
    return sorted(causes, key=lambda cause: (-len(cause.repos), cause.first.since))


def describe(
    connection: Connection, causes: Sequence[RedCause], groups: Sequence[Group], now: datetime
) -> list[RedCause]:
    """Return causes with what is known of them."""
    prints = [cause.fingerprint for cause in causes if cause.fingerprint]
    issues = error_issues.read_issues(connection, prints)
    current = acknowledgements.list_current(connection, prints, now)
    return [
        cause._replace(
            is_fresh=cause.first.since > now - FRESH,
            owners=list_owners(groups, cause.repos.values()),
            issues=tuple(issues.get(cause.fingerprint or "", ())),
            acknowledged=current.get(cause.fingerprint or ""),
        )
        for cause in causes
    ]


def trace(connection: Connection, red: RedWorkflow) -> Suspects | None:
    """Return what came between a workflow's last good run and the one since which it is red."""
    bad = reads.find_run(connection, (red.provider, red.sincerungitid))
    if bad is None or bad.createtime is None or red.goodtime is None:
        return None
    good = nights.find_good_at(connection, bad, red.goodtime)
    return None if good is None else compare_runs(connection, good, bad)
