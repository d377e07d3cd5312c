"""Pure: a repository's nightly runs of one night -> what the night's cell says."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import orjson

from rows.sources import UNNAMED, call_workflow, source_of
from rows.words import COMPLETED, FAILED, GATED, SKIPPED, SUCCESS, RunKey, WorkflowKey, workflow_key
from store.failed_jobs import FailedJob

FAILED_STATE, RUNNING, WARNED, PASSED, NOTHING = "failed", "running", "warned", "passed", "nothing"
STATES = (FAILED_STATE, WARNED, RUNNING, PASSED, NOTHING)
"""What a cell can say, in the order that rows are sorted by."""

WORST = (FAILED_STATE, RUNNING, WARNED, PASSED, NOTHING)
"""Which of several workflows' states a cell shows."""

WHOLE_RUN = "the run itself"
KEPT, LONGEST_KEPT = 10_000, 1000
"""How many stored details are kept as read, and up to how many characters."""


class NightRun(NamedTuple):
    """A nightly run as its highest attempt left it."""

    provider: str
    gitid: int
    repoid: int
    workflowname: str | None
    event: str | None
    branchname: str | None
    author: str | None
    status: str | None
    conclusion: str | None
    attempt: int | None
    createtime: datetime
    url: str | None
    workflowgitid: int | None = None
    warned: bool | None = None
    passedtime: datetime | None = None
    failedtime: datetime | None = None

    @property
    def key(self) -> RunKey:
        """The run's name: its server and its id there."""
        return self.provider, self.gitid

    @property
    def workflow(self) -> WorkflowKey:
        """What its workflow is known by."""
        return workflow_key(self.workflowgitid, self.workflowname)

    @property
    def line(self) -> tuple[WorkflowKey, str | None]:
        """What it is compared with: of schedules that are called alike, those of its branch."""
        return self.workflow, self.branchname if self.workflowgitid is None else None

    @property
    def called(self) -> str:
        """What people are told its workflow is."""
        return call_workflow(self.workflowname, self.event, self.branchname)


class NightFailure(NamedTuple):
    """A failed job of a night, and why; `job` may stand for the whole run.

    `workflow` is what the workflow is called, `workflowkey` what it is; the run's key comes last.
    """

    workflow: str
    job: str
    step: str | None
    url: str | None
    error: str | None = None
    fingerprint: str | None = None
    workflowkey: WorkflowKey = ""
    provider: str = ""
    rungitid: int = 0


class NightContent(NamedTuple):
    """What a night's cell says; `ran` are the workflows of which a run ended, and their names."""

    state: str
    runs: int
    ran: Mapping[WorkflowKey, str]
    failures: tuple[NightFailure, ...]


EMPTY = NightContent(NOTHING, 0, {}, ())


def run_state(run: NightRun) -> str:
    """Return what one run says; one in which a job failed, or was tried again, is warned.

    So is one that waits for somebody and may do so for ever: nothing of it runs.
    """
    if run.conclusion in FAILED:
        return FAILED_STATE
    if run.status == GATED and source_of(run.provider).waits_for_ever:
        return WARNED
    if run.status != COMPLETED:
        return RUNNING
    if run.conclusion == SUCCESS:
        return WARNED if run.warned or (run.attempt or 1) > 1 else PASSED
    return NOTHING if run.conclusion == SKIPPED else WARNED


def is_stopped_again(run: NightRun) -> bool:
    """Tell whether a run was done again, and neither passed nor failed in it."""
    is_again = run.status == COMPLETED and (run.attempt or 1) > 1
    return is_again and run.conclusion not in (*FAILED, SUCCESS)


def had_failed(run: NightRun) -> bool:
    """Tell whether a run had failed that was stopped, or waits, as it was done again or went on."""
    is_still = run.status in (COMPLETED, GATED) and run.conclusion not in (*FAILED, SUCCESS)
    failed, passed = run.failedtime, run.passedtime
    return is_still and failed is not None and (passed is None or passed <= failed)


def list_failures(run: NightRun, jobs: Sequence[FailedJob]) -> list[NightFailure]:
    """Return why a run failed: its failed jobs, or itself when it has none."""
    shown = run.called
    its = (run.workflow, *run.key)
    if not jobs:
        return [NightFailure(shown, WHOLE_RUN, None, run.url, None, None, *its)]
    return [NightFailure(shown, job.name or UNNAMED, *job[3:], *its) for job in jobs]


def summarize(runs: Sequence[NightRun], jobs: Mapping[RunKey, Sequence[FailedJob]]) -> NightContent:
    """Return a cell: the newest run of each workflow decides, and the worst of them is shown.

    `runs` are the oldest first. A failure that a later run of the night made good is a warning.
    """
    newest: dict[tuple[WorkflowKey, str | None], NightRun] = {}
    mended = False
    for run in reversed(runs):
        state = run_state(run)
        if state == NOTHING:
            continue
        shown = newest.setdefault(run.line, run)
        mended = mended or (shown is not run and state == FAILED_STATE)
    states = {run_state(run) for run in newest.values()}
    state = next((one for one in WORST if one in states), NOTHING)
    if state == PASSED and mended:
        state = WARNED
    failures = [
        failure
        for run in newest.values()
        if run_state(run) == FAILED_STATE
        for failure in list_failures(run, jobs.get(run.key, ()))
    ]
    ended = [run for run in runs if run_state(run) not in (NOTHING, RUNNING)]
    ran = {run.workflow: run.called for run in ended}
    return NightContent(state, len(runs), ran, tuple(failures))


def as_text(content: NightContent) -> str:
    """Return what is not in columns of its own as JSON."""
    ran = sorted(content.ran.items(), key=repr)
    return json.dumps([ran, content.failures], separators=(",", ":"))


def from_text(state: str, runs: int, text: str) -> NightContent:
    """Return a cell as it was stored."""
    ran, failures = parse_again(text) if len(text) <= LONGEST_KEPT else parse_detail(text)
    return NightContent(state, runs, ran, failures)


def parse_detail(text: str) -> tuple[Mapping[WorkflowKey, str], tuple[NightFailure, ...]]:
    """Return what `as_text` wrote."""
    ran, failures = orjson.loads(text)
    return dict(ran), tuple(NightFailure(*one) for one in failures)


# Most cells of a page say the same, and all of them say it again on the next.
parse_again = lru_cache(maxsize=KEPT)(parse_detail)
