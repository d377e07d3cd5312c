"""Runs with their jobs as far as GraphQL knows them, long before REST has told the rest.

Where GraphQL does not answer, is not allowed or says nothing of a run, the run stays due, and REST
reads it as ever.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from backfill.github_graphql.check_runs import read_check_runs
from backfill.github_graphql.endpoint import endpoint_of
from backfill.http.errors import ApiError
from backfill.pipeline.context import Context
from backfill.records import Json, Repository
from rows import Unmappable
from rows.sources import source_of
from store.deliveries.table import now
from store.doors.api import Read
from store.state import failures
from store.state.backfill_progress import SEEDED, RunRead, Settled
from store.state.failures import FailedJob, FailureReason

COUNTED = frozenset({"jobs"})
PAGES_AHEAD = 4
"""Pages of runs under way: what a process that is killed listed in vain for GraphQL."""

ReasonsOf = Callable[[Sequence[Json]], list[FailureReason]]
Failed = list[tuple[FailedJob, list[FailureReason]]]


class SeededRun(NamedTuple):
    """A run with the jobs that GraphQL told, and what its failed jobs say."""

    run: RunRead
    reads: list[Read]
    failed: Failed


class Seeding:
    """Asks for the jobs of a repository's runs, until that is refused.

    `reasons_of` tells what annotations say, in REST's shape; nothing where a log may say more.
    """

    def __init__(self, context: Context, repository: Repository, reasons_of: ReasonsOf) -> None:
        self.context = context
        self.repository = repository
        self.reasons_of = reasons_of
        self.endpoint = endpoint_of(context.client)
        self.is_refused = False
        self.lock = threading.Lock()
        if self.endpoint.refusal is not None:
            self.refuse(self.endpoint.refusal)

    def refuse(self, problem: ApiError) -> None:
        """Ask no more, and say so: of this repository, or where it is not this one's, of any."""
        with self.lock:
            is_said, self.is_refused = self.is_refused, True
        if not is_said and self.endpoint.is_told:
            self.context.reporter.say(
                f"{self.repository.name}: GraphQL tells no jobs ({problem}): REST reads them"
            )
        if not problem.is_forbidden:
            self.endpoint.refusal, self.endpoint.is_told = problem, False

    def list_tasks(
        self, runs: Sequence[RunRead], records: Sequence[Any]
    ) -> Iterator[Callable[[], Callable[[], None]]]:
        """Yield a task for runs as they were noted, given the records of their page.

        It asks, and returns what stores the answer.
        """
        if runs and not self.is_refused:
            listed = {one["id"]: one for one in records if isinstance(one, dict) and "id" in one}
            yield partial(self.read, [(run, listed[run.rungitid]) for run in runs])

    def read(self, runs: Sequence[tuple[RunRead, Json]]) -> Callable[[], None]:
        """Return what stores the runs that GraphQL tells the jobs of."""
        return partial(self.store, self.ask(runs))

    def ask(self, runs: Sequence[tuple[RunRead, Json]]) -> list[SeededRun]:
        """Return the runs that GraphQL tells the jobs of."""
        by_suite = {str(record.get("check_suite_node_id")): (run, record) for run, record in runs}
        if self.is_refused:
            return []
        try:
            told = read_check_runs(self.endpoint, [*by_suite])
            return [
                self.map_run(*by_suite[suite], checks)
                for suite, checks in told.items()
                if suite in by_suite
            ]
        except (KeyError, TypeError, AttributeError):
            self.refuse(ApiError("the answer cannot be read", 422))
        except ApiError as problem:
            self.refuse(problem)
        except Unmappable as error:
            self.refuse(ApiError(str(error), 422))
        return []

    def map_run(self, run: RunRead, record: Json, checks: Sequence[Json]) -> SeededRun:
        """Return a run with its jobs as rows. Raises Unmappable."""
        repository, github = self.repository.record, source_of("github")
        reads, failed = list[Read](), Failed()
        for check in checks:
            payload = {"check_run": check, "workflow_run": record, "repository": repository}
            mapped = github.rows_read("check_run", payload, now())
            reads.append(Read(mapped, COUNTED))
            said = [as_rest(one) for one in (check.get("annotations") or {}).get("nodes") or ()]
            for row in mapped.rows:
                if row.table == "jobs" and (reasons := self.reasons_of(said)):
                    failed.append((failed_job(row.values, self.repository.repoid), reasons))
        return SeededRun(run._replace(state=SEEDED), reads, failed)

    def store(self, seeded: Sequence[SeededRun]) -> None:
        """Store runs with their jobs, and with what failed ones say where nothing is kept yet."""
        for run, reads, _ in seeded:
            self.context.writer.put(reads, Settled(self.repository.repoid, run))
        reasons = [one for run in seeded for one in run.failed]
        if reasons:
            self.context.writer.put(note=partial(failures.write_new_reasons, reasons=reasons))
        self.context.reporter.advance("seeded", len(seeded))


def as_rest(annotation: Json) -> Json:
    """Return an annotation in REST's shape."""
    return {
        "annotation_level": annotation["annotationLevel"].lower(),
        "title": annotation["title"],
        "message": annotation["message"],
        "raw_details": annotation["rawDetails"],
        "path": annotation["path"],
        "start_line": annotation["location"]["start"]["line"],
    }


def failed_job(values: dict[str, Any], repoid: int) -> FailedJob:
    """Return a job's row as what its reasons are kept by."""
    names = ("provider", "gitid", "rungitid", "attempt", "name", "failedstep", "endtime")
    provider, gitid, rungitid, attempt, name, step, end = (values[one] for one in names)
    return FailedJob(provider, gitid, repoid, rungitid, attempt, name, step, end)
