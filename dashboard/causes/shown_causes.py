"""What is known of causes: the run, since when and whom, the owner, issues, who looks after it."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection

from config.groups import Group, Owner, owner_of
from dashboard.causes.group_causes import Cause, group_causes, with_text
from dashboard.view.new_issue_link import error_issue_link
from dashboard.view.night_changes import JobChange, find_changes
from dashboard.view.night_matrix import NOT_RUN, MatrixRow
from dashboard.view.suspect_commits import Suspects, find_suspects
from store.errors.error_ranking import list_repo_names
from store.errors.vague_errors import list_vague
from store.reads import runs as reads
from store.reads.failures import has_been_seen
from store.reads.passed_jobs import MendedJob, read_first_passes
from store.reads.runs import Run
from store.rollups.night_summary import WHOLE_RUN
from store.rollups.spans import RollupPlan
from store.state import acknowledgements, error_issues
from store.state.acknowledgements import Acknowledgement
from store.state.error_issues import ErrorIssue

MOST_ORIGINS = 8
"""Of the causes, those of which is read since when and whom: the first ones."""
MOST_LOOKED_UP = 100
"""Fingerprints of which it is asked whether they were ever seen before."""


class ShownCause(NamedTuple):
    """A cause with the newest run of its longest failure, and what came before it.

    `report` opens a form of a new issue, where none is open.
    """

    cause: Cause
    owners: tuple[Owner, ...] = ()
    issues: tuple[ErrorIssue, ...] = ()
    acknowledged: Acknowledgement | None = None
    run: Run | None = None
    origin: Suspects | None = None
    report: str | None = None


def list_authors(origin: Suspects | None) -> list[str]:
    """Return who wrote what came between the last good run and the first bad one, newest first."""
    commits = origin.commits if origin else ()
    return list(dict.fromkeys(commit.author for commit in commits if commit.author))


class NightCauses(NamedTuple):
    """Last night by its causes; `unseen` are the fingerprints of errors never seen before it."""

    failing: tuple[ShownCause, ...]
    fixed: tuple[JobChange, ...]
    unseen: frozenset[str]

    @property
    def jobs(self) -> int:
        """How many jobs failed."""
        return sum(len(shown.cause.changes) for shown in self.failing)

    @property
    def repos(self) -> set[int]:
        """The repositories that failed."""
        return {repoid for shown in self.failing for repoid in shown.cause.repos}

    @property
    def new(self) -> int:
        """How many of the causes are new since the night before."""
        return sum(shown.cause.is_new for shown in self.failing)


class NightSpan(NamedTuple):
    """The nights that are shown, newest first, and the last of them that has begun."""

    nights: Sequence[date]
    last: date


def read_causes(
    connection: Connection,
    plan: RollupPlan,
    rows: Sequence[MatrixRow],
    span: NightSpan,
    now: datetime,
    text: str = "",
) -> NightCauses:
    """Return why rows failed last night, and what is fixed; of a text, what has it."""
    changes = find_changes(rows, span.last)
    new = with_text(changes.new, text)
    failing = [*join_nights(connection, plan, new, span.last), *with_text(changes.going_on, text)]
    prints = {one.failure.fingerprint for one in failing if one.failure.fingerprint}
    begin = plan.calendar.begin(span.last)
    causes = group_causes(failing, list_vague(connection, prints, begin))
    first = sorted(prints)[:MOST_LOOKED_UP]
    unseen = {one for one in first if not has_been_seen(connection, one, begin)}
    since = plan.calendar.begin(min(span.nights))
    described = describe_causes(connection, causes, plan.groups, now, since)
    fixed = keep_fixed(connection, plan, with_text(changes.fixed, text), span.last)
    return NightCauses(tuple(described), tuple(fixed), frozenset(unseen))


def as_mended(change: JobChange, since: datetime) -> MendedJob:
    """Return a job that may be fixed as it is looked for."""
    failure = change.failure
    job = None if failure.job == WHOLE_RUN else failure.job
    run = failure.provider, failure.rungitid
    return MendedJob(change.repoid, failure.workflowkey, failure.workflow, job, run, since)


def keep_fixed(
    connection: Connection, plan: RollupPlan, changes: Sequence[JobChange], last: date
) -> list[JobChange]:
    """Return those that passed for the first time last night.

    What did not fail may have been skipped behind another failure, or stopped. A nightly that did
    not run, did.
    """
    calendar = plan.calendar
    missed = [one for one in changes if one.failure.job == NOT_RUN]
    mended = {
        change: as_mended(change, calendar.begin(change.since or last))
        for change in changes
        if change.failure.job != NOT_RUN
    }
    firsts = read_first_passes(connection, list(mended.values()), calendar.end(last))
    begin = calendar.begin(last)
    passed = {one for one, first in zip(mended, firsts, strict=True) if first and first >= begin}
    passed.update(one for one in missed if one.since == last)
    return [one for one in changes if one in passed]


def join_nights(
    connection: Connection, plan: RollupPlan, changes: Sequence[JobChange], last: date
) -> list[JobChange]:
    """Return new failures; those that never passed since an earlier one go on with that.

    Between them the job may have been skipped behind another failure, or stopped.
    """
    calendar, failed = plan.calendar, {one: one.before for one in changes if one.before}
    mended = [
        as_mended(before, calendar.begin(change.since or last)) for change, before in failed.items()
    ]
    firsts = read_first_passes(connection, mended, calendar.begin(last))
    joined = {
        change: change._replace(
            nights=1 + before.nights, first=before.first, oldest=before.oldest, before=None
        )
        for (change, before), passed in zip(failed.items(), firsts, strict=True)
        if passed is None and before.failure.job != NOT_RUN
    }
    return [joined.get(one, one) for one in changes]


def describe_causes(
    connection: Connection,
    causes: Sequence[Cause],
    groups: Sequence[Group],
    now: datetime,
    since: datetime,
) -> list[ShownCause]:
    """Return causes with what is known of them; no run before `since` is looked for."""
    prints = [cause.fingerprint for cause in causes if cause.fingerprint]
    issues = error_issues.read_issues(connection, prints)
    current = acknowledgements.list_current(connection, prints, now)
    names = list_repo_names(connection, {one for cause in causes for one in cause.repos})
    shown = []
    for place, cause in enumerate(causes):
        owners = list_owners(groups, (names[one] for one in cause.repos if one in names))
        known = ShownCause(
            cause,
            owners,
            tuple(issues.get(cause.fingerprint or "", ())),
            current.get(cause.fingerprint or ""),
        )
        shown.append(trace(connection, known, since) if place < MOST_ORIGINS else known)
    return shown


def list_owners(groups: Sequence[Group], repos: Iterable[str]) -> tuple[Owner, ...]:
    """Return whose some repositories are, each once, in their order."""
    owners = (owner_of(groups, repo) for repo in repos)
    return tuple({(one.name, one.chat): one for one in owners if one is not None}.values())


def trace(connection: Connection, shown: ShownCause, since: datetime) -> ShownCause:
    """Return a cause with the newest run of its longest failure, and what came before that."""
    longest = shown.cause.changes[0]
    failure = longest.failure
    run = reads.find_run(connection, (failure.provider, failure.rungitid))
    if run is None or run.createtime is None:
        return shown
    report = None
    repo = reads.find_repo_by_id(connection, longest.repoid)
    is_open = any(issue.state == "open" for issue in shown.issues)
    if shown.cause.fingerprint and repo is not None and not is_open:
        report = error_issue_link(repo, shown.cause.fingerprint, shown.cause.text, ())
    origin = find_suspects(connection, run, since)
    return shown._replace(run=run, origin=origin, report=report)
