"""What the store lacks of the odd repository, and whether somebody was told of it."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from engines import connect
from fakegithub.api.hooks import Hook
from fakegithub.world.world import World
from schema.tables.audits import health
from schema.tables.ci import branches, commits, jobs, workflowruns
from schema.tables.deliveries import deliveries
from schema.tables.failures import failures
from tests.fakegithub.samples import app_of, runs_of


def failed_jobs(world: World) -> list[int]:
    """Return the failed jobs of the odd repository."""
    view = world.at()
    listed = (job for run in runs_of(world) for job in view.jobs(run))
    return [job.id for job in listed if job.conclusion == "failure"]


def list_unnamed(url: str, world: World, code: int, said: str, hook: Hook | None) -> list[str]:
    """Return in a sentence each what lacks and is not named.

    `code` is how a command ended, `said` what was printed until then; `hook` the one whose log a
    cycle has read, with the reasons of failed jobs.
    """
    engine = connect(url)
    with engine.connect() as connection:

        def stored(column: ColumnElement) -> set:
            return set(connection.scalars(sa.select(column)))

        lacking = list(list_lacking(world, stored, hook))
        query = sa.select(health.c.Id).where(health.c.name == "unread", health.c.state != "good")
        is_unread = connection.scalars(query).first() is not None
    engine.dispose()
    unnamed = [what for what, words in lacking if not any(word in said for word in words)]
    if lacking and code == 0:
        unnamed.append(f"it ended with 0, and lacks {lacking[0][0]}")
    if hook is not None and "octo-org/app" in said and "; left due" in said and not is_unread:
        unnamed.append("health does not say so")
    return [f"{what} lacks and is not named" for what in unnamed]


def list_lacking(world: World, stored, hook: Hook | None) -> Iterator[tuple[str, list[str]]]:
    """Yield what lacks, and the words of which one must have been said."""
    view, repo = world.at(), app_of(world)
    runs, its_jobs = stored(workflowruns.c.gitid), stored(jobs.c.gitid)
    for run in runs_of(world):
        if run not in runs:
            yield f"run {run}", ["octo-org/app: runs", "octo-org/app: workflow_run", f"run {run}"]
        elif {job.id for job in view.jobs(run)} - its_jobs:
            yield f"a job of run {run}", [f"octo-org/app: run {run}", "octo-org/app: workflow_job"]
    names, hashes = stored(branches.c.name), stored(commits.c.hash)
    unlisted = ["octo-org/app: branch", "octo-org/app: some branches"]
    for branch in view.branches(repo):
        if branch.name not in names:
            yield f"branch {branch.name}", unlisted
        elif {one.sha for one in view.commits(branch.sha)} - hashes:
            words = ["octo-org/app: commit", "octo-org/app: history", *unlisted]
            yield f"a commit of {branch.name}", words
    if hook is None:
        return
    reasons = stored(failures.c.jobgitid)
    for job in its_jobs & set(failed_jobs(world)) - reasons:
        # Of a run whose jobs cannot be read nothing tells that one failed.
        its_run = next(run for run in runs_of(world) if job in {one.id for one in view.jobs(run)})
        yield (
            f"the reason of job {job}",
            [f"octo-org/app: job {job}: ", f"octo-org/app: run {its_run}"],
        )
    guids = stored(deliveries.c.guid)
    for record in hook.log:
        if record.delivery.guid not in guids:
            words = [f"delivery {record.delivery.guid}", f"hooks/{hook.id}", "octo-org/app: hooks"]
            yield f"delivery {record.delivery.guid}", words
